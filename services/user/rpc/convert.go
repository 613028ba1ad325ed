package rpc

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/lang"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/password"
)

// Resource converts what an error carries: an account, with STALE_REVISION.
func Resource(resource any) proto.Message {
	if a, ok := resource.(user.Account); ok {
		return accountMessage(a)
	}
	return nil
}

func accountMessage(a user.Account) *userv1.Account {
	m := &userv1.Account{
		Id: a.ID, LoginId: a.LoginID, Name: a.Name, Email: a.Email, EmailVerified: a.EmailVerified,
		PendingEmail: a.PendingEmail, Phone: a.Phone, Language: languageMessage(a.Language),
		CreateTime: timestamppb.New(a.Created), Revision: a.Revision,
	}
	if a.AvatarVersion > 0 {
		path := fmt.Sprintf("%s%d", AvatarPath, a.AvatarVersion)
		m.Avatar = &userv1.Avatar{Path: path, ThumbnailPath: path + "/thumbnail"}
	}
	return m
}

func languageMessage(l lang.Lang) userv1.Language {
	if l == lang.English {
		return userv1.Language_LANGUAGE_EN
	}
	return userv1.Language_LANGUAGE_KO
}

func languageOf(m userv1.Language, otherwise lang.Lang) lang.Lang {
	switch m {
	case userv1.Language_LANGUAGE_KO:
		return lang.Korean
	case userv1.Language_LANGUAGE_EN:
		return lang.English
	default:
		return otherwise
	}
}

func strengthMessage(s password.Strength) userv1.PasswordStrength {
	switch s {
	case password.Weak:
		return userv1.PasswordStrength_PASSWORD_STRENGTH_WEAK
	case password.Fair:
		return userv1.PasswordStrength_PASSWORD_STRENGTH_FAIR
	case password.Strong:
		return userv1.PasswordStrength_PASSWORD_STRENGTH_STRONG
	default:
		return userv1.PasswordStrength_PASSWORD_STRENGTH_UNSPECIFIED
	}
}
