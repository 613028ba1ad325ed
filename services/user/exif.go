package user

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// orientation reads how a JPEG's camera was held (Exif 2.32, tag 0x0112), 1 to 8; 1 where nothing is said. It has to be
// heeded before the metadata is dropped, or portraits would lie on their side.
func orientation(file []byte) int {
	const marker, app1, startOfScan = 0xFF, 0xE1, 0xDA
	if len(file) < 4 || file[0] != marker || file[1] != 0xD8 {
		return 1
	}
	for at := 2; at+4 <= len(file) && file[at] == marker && file[at+1] != startOfScan; {
		length := int(binary.BigEndian.Uint16(file[at+2:]))
		end := at + 2 + length
		if length < 2 || end > len(file) {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(file[at+4:end], []byte("Exif\x00\x00")); ok && file[at+1] == app1 {
			return tiffOrientation(tiff)
		}
		at = end
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	const entrySize, tag = 12, 0x0112
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	first := int(order.Uint32(tiff[4:]))
	if first < 8 || first > len(tiff)-2 {
		return 1
	}
	entries := tiff[first+2:]
	for range order.Uint16(tiff[first:]) {
		if len(entries) < entrySize {
			return 1
		}
		if order.Uint16(entries) == tag {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[entrySize:]
	}
	return 1
}

// upright gives the picture as it was seen, for an orientation of 2 to 8.
func upright(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	return turned{img, orientation}
}

// turned looks at a picture mirrored or rotated.
type turned struct {
	image.Image
	orientation int
}

// Bounds start at zero; they are swapped for quarter turns.
func (t turned) Bounds() image.Rectangle {
	b := t.Image.Bounds()
	if t.orientation >= 5 {
		return image.Rect(0, 0, b.Dy(), b.Dx())
	}
	return image.Rect(0, 0, b.Dx(), b.Dy())
}

// At is the pixel that is seen at x, y.
func (t turned) At(x, y int) color.Color {
	b := t.Image.Bounds()
	right, bottom := b.Dx()-1, b.Dy()-1
	switch t.orientation {
	case 2:
		x = right - x
	case 3:
		x, y = right-x, bottom-y
	case 4:
		y = bottom - y
	case 5:
		x, y = y, x
	case 6:
		x, y = y, bottom-x
	case 7:
		x, y = right-y, bottom-x
	case 8:
		x, y = right-y, x
	}
	return t.Image.At(b.Min.X+x, b.Min.Y+y)
}
