package user

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	_ "image/png" // a format that pictures may have
	"net/http"

	xdraw "golang.org/x/image/draw"

	"github.com/tripgen/tripgen/internal/errs"
)

// Picture is an avatar, re-encoded as JPEG without any metadata.
type Picture struct {
	// Full is at most 512 pixels wide and high, Thumbnail is 128 × 128.
	Full, Thumbnail []byte
}

const (
	pictureBytes   = 5 << 20
	picturePixels  = 40_000_000 // of the original: a small file must not unfold into all of the memory
	fullSide       = 512
	thumbnailSide  = 128
	pictureQuality = 85
)

// ErrNoPicture says that the account has no such picture.
var ErrNoPicture = errs.NotFound(errs.ReasonNotFound, "사진이 없습니다.", "There is no such picture.")

var errPicture = invalid("image",
	"5MB 이하의 JPEG 또는 PNG 사진만 올릴 수 있습니다.", "A picture is a JPEG or PNG of up to 5 MB.")

// SetAvatar stores a picture [U3]: JPEG or PNG by its content, up to 5 MB. It is re-encoded, so that nothing but pixels
// is kept. Errors: an invalid field.
func (s *Service) SetAvatar(ctx context.Context, accountID string, original []byte) (Account, error) {
	p, err := readPicture(original)
	if err != nil {
		return Account{}, err
	}
	return s.Avatars.SetAvatar(ctx, accountID, &p)
}

// RemoveAvatar takes the picture away; that there is none is fine.
func (s *Service) RemoveAvatar(ctx context.Context, accountID string) (Account, error) {
	return s.Avatars.SetAvatar(ctx, accountID, nil)
}

// Avatar reads a picture that belongs to the account: ErrNoPicture.
func (s *Service) Avatar(ctx context.Context, accountID string, version int) (Picture, error) {
	return s.Avatars.Avatar(ctx, accountID, version)
}

func readPicture(original []byte) (Picture, error) {
	if len(original) > pictureBytes {
		return Picture{}, errPicture
	}
	switch http.DetectContentType(original) {
	case "image/jpeg", "image/png":
	default:
		return Picture{}, errPicture
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(original))
	if err != nil || size.Width < 1 || size.Height < 1 || size.Width*size.Height > picturePixels {
		return Picture{}, errPicture
	}
	img, _, err := image.Decode(bytes.NewReader(original))
	if err != nil {
		return Picture{}, errPicture.Wrap(err)
	}
	img = upright(img, orientation(original))
	full, err := encode(fit(img, fullSide))
	if err != nil {
		return Picture{}, err
	}
	thumbnail, err := encode(square(img, thumbnailSide))
	if err != nil {
		return Picture{}, err
	}
	return Picture{Full: full, Thumbnail: thumbnail}, nil
}

// fit scales down to at most side pixels each way, on white.
func fit(img image.Image, side int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if longest := max(w, h); longest > side {
		w, h = max(1, w*side/longest), max(1, h*side/longest)
	}
	return scale(img, b, w, h)
}

// square cuts out the middle and scales it.
func square(img image.Image, side int) image.Image {
	b := img.Bounds()
	short := min(b.Dx(), b.Dy())
	x, y := b.Min.X+(b.Dx()-short)/2, b.Min.Y+(b.Dy()-short)/2
	return scale(img, image.Rect(x, y, x+short, y+short), side, side)
}

func scale(img image.Image, from image.Rectangle, w, h int) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	xdraw.CatmullRom.Scale(out, out.Bounds(), img, from, xdraw.Over, nil)
	return out
}

func encode(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: pictureQuality}); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return b.Bytes(), nil
}
