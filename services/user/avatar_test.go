package user

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/tripgen/tripgen/internal/errs"
)

// halves is a picture with a red left and a blue right half.
func halves(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 255, A: 255}
			if x >= w/2 {
				c = color.RGBA{B: 255, A: 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func jpegOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts metadata with an orientation behind a JPEG's start.
func withExif(file []byte, orientation uint16) []byte {
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	exif = binary.BigEndian.AppendUint16(exif, orientation)
	exif = append(exif, "\x00\x00SECRET-PLACE"...)
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(exif)+2))
	return append(append(append([]byte{}, file[:2]...), append(segment, exif...)...), file[2:]...)
}

func decode(t *testing.T, raw []byte) image.Image {
	t.Helper()
	img, format, err := image.Decode(bytes.NewReader(raw))
	if err != nil || format != "jpeg" {
		t.Fatalf("stored picture: %s, %v", format, err)
	}
	return img
}

func isRed(c color.Color) bool {
	r, _, b, _ := c.RGBA()
	return r > b
}

// [U3]
func TestPicturesAreScaledAndLoseTheirMetadata(t *testing.T) {
	t.Parallel()
	p, err := readPicture(withExif(jpegOf(t, halves(1200, 600)), 1))
	if err != nil {
		t.Fatal(err)
	}
	if b := decode(t, p.Full).Bounds(); b.Dx() != 512 || b.Dy() != 256 {
		t.Errorf("full picture is %v", b)
	}
	if b := decode(t, p.Thumbnail).Bounds(); b.Dx() != 128 || b.Dy() != 128 {
		t.Errorf("thumbnail is %v", b)
	}
	if bytes.Contains(p.Full, []byte("Exif")) || bytes.Contains(p.Full, []byte("SECRET-PLACE")) || bytes.Contains(p.Thumbnail, []byte("Exif")) {
		t.Error("metadata was kept")
	}
}

// The eight ways to hold a camera: where the red half is seen.
func TestPicturesStandUpright(t *testing.T) {
	t.Parallel()
	for orientation, red := range map[uint16]image.Point{
		1: {10, 32}, 2: {50, 32}, 3: {50, 32}, 4: {10, 32}, 5: {32, 10}, 6: {32, 10}, 7: {32, 50}, 8: {32, 50},
	} {
		p, err := readPicture(withExif(jpegOf(t, halves(64, 64)), orientation))
		if err != nil {
			t.Fatal(err)
		}
		img := decode(t, p.Full)
		across := image.Pt(63-red.X, 63-red.Y)
		if !isRed(img.At(red.X, red.Y)) || isRed(img.At(across.X, across.Y)) {
			t.Errorf("orientation %d: red is not at %v", orientation, red)
		}
	}
	wide, err := readPicture(withExif(jpegOf(t, halves(100, 50)), 6))
	if err != nil {
		t.Fatal(err)
	}
	if b := decode(t, wide.Full).Bounds(); b.Dx() != 50 || b.Dy() != 100 {
		t.Errorf("a picture on its side is %v", b)
	}
}

// [U3] By content, not by name; and nothing that unfolds into all of the memory.
func TestWhatIsNoPictureIsRefused(t *testing.T) {
	t.Parallel()
	var animated, transparent bytes.Buffer
	if err := gif.Encode(&animated, halves(8, 8), nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&transparent, image.NewNRGBA(image.Rect(0, 0, 300, 200))); err != nil {
		t.Fatal(err)
	}
	bomb := append([]byte{}, transparent.Bytes()...)
	binary.BigEndian.PutUint32(bomb[16:], 50_000) // the width in its header
	for name, file := range map[string][]byte{
		"text": []byte("<svg onload=alert(1)>"), "gif": animated.Bytes(), "cut": jpegOf(t, halves(64, 64))[:200],
		"bomb": bomb, "empty": {}, "too large": append(jpegOf(t, halves(8, 8)), make([]byte, pictureBytes)...),
	} {
		if _, err := readPicture(file); !errors.Is(err, errPicture) || errs.KindOf(err) != errs.KindInvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := readPicture(transparent.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := decode(t, p.Full).At(1, 1).RGBA(); r < 0xF000 {
		t.Error("what was transparent is not white")
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("\xFF\xD8\xFF\xE1\x00\x10Exif\x00\x00MM\x00*\x00\x00\x00\x08"))
	f.Add([]byte("\xFF\xD8\xFF\xE1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
