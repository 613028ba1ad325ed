package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/ory/fosite/token/jwt"
)

// The types of our tokens (RFC 9068, 2.1 and RFC 7519, 5.1).
const (
	typeAccess jose.ContentType = "at+jwt"
	typeID     jose.ContentType = "JWT"
)

// signer signs and reads tokens for Fosite, with the keys of the process.
type signer struct{ keys *Keys }

var _ jwt.Signer = signer{}

// Generate makes an id token.
func (s signer) Generate(_ context.Context, claims jwt.MapClaims, _ jwt.Mapper) (token, signature string, err error) {
	token, err = josejwt.Signed(s.keys.signing().identity).Claims(map[string]any(claims)).Serialize()
	if err != nil {
		return "", "", err
	}
	return token, signatureOf(token), nil
}

// Validate gives the signature of a token that is valid.
func (s signer) Validate(ctx context.Context, token string) (string, error) {
	if _, err := s.Decode(ctx, token); err != nil {
		return "", err
	}
	return signatureOf(token), nil
}

// Decode checks signature and times of a token of ours, of whatever type.
func (s signer) Decode(_ context.Context, token string) (*jwt.Token, error) {
	return jwt.Parse(token, func(t *jwt.Token) (any, error) {
		if string(t.Method) != string(jose.ES256) {
			return nil, errors.New("token is not signed with ES256")
		}
		id, _ := t.Header["kid"].(string)
		key := s.keys.find(id)
		if key == nil {
			return nil, errors.New("token is signed with an unknown key")
		}
		return key, nil
	})
}

// Hash is SHA-256.
func (signer) Hash(_ context.Context, in []byte) ([]byte, error) {
	sum := sha256.Sum256(in)
	return sum[:], nil
}

// GetSignature is the last part of a token.
func (signer) GetSignature(_ context.Context, token string) (string, error) {
	return signatureOf(token), nil
}

// GetSigningMethodLength is the size of the hash.
func (signer) GetSigningMethodLength(context.Context) int { return sha256.Size }

func signatureOf(token string) string { return token[strings.LastIndexByte(token, '.')+1:] }
