// Package rpc serves the user service's contract: it converts, calls the domain, and converts back.
package rpc

import (
	"context"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/page"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
	"github.com/tripgen/tripgen/services/user"
)

// Account serves AccountService.
type Account struct {
	userv1connect.UnimplementedAccountServiceHandler
	service *user.Service
	pages   *page.Tokens
}

// NewAccount makes the handler; pages sign the page tokens.
func NewAccount(s *user.Service, pages *page.Tokens) *Account {
	return &Account{service: s, pages: pages}
}

// SignUp makes an account.
func (h *Account) SignUp(ctx context.Context, r *userv1.SignUpRequest) (*userv1.SignUpResponse, error) {
	account, strength, err := h.service.SignUp(ctx, user.SignUp{
		Name: r.GetName(), Email: r.GetEmail(), Phone: r.GetPhone(), LoginID: r.GetLoginId(), Password: r.GetPassword(),
		TermsVersion: r.GetTerms().GetVersion(), TermsAccepted: r.GetTerms().GetAccepted(),
		Language: languageOf(r.GetLanguage(), lang.From(ctx)),
	})
	if err != nil {
		return nil, err
	}
	return &userv1.SignUpResponse{Account: accountMessage(account), PasswordStrength: strengthMessage(strength)}, nil
}

// CheckAvailability tells whether a log-in id or an address is free.
func (h *Account) CheckAvailability(
	ctx context.Context, r *userv1.CheckAvailabilityRequest,
) (*userv1.CheckAvailabilityResponse, error) {
	free, err := h.service.Available(ctx, r.GetLoginId(), r.GetEmail())
	if err != nil {
		return nil, err
	}
	return &userv1.CheckAvailabilityResponse{Available: free}, nil
}

// VerifyEmail confirms an address.
func (h *Account) VerifyEmail(ctx context.Context, r *userv1.VerifyEmailRequest) (*userv1.VerifyEmailResponse, error) {
	if err := h.service.VerifyEmail(ctx, r.GetCode()); err != nil {
		return nil, err
	}
	return &userv1.VerifyEmailResponse{}, nil
}

// SignIn proves a password and yields an authorization code.
func (h *Account) SignIn(ctx context.Context, r *userv1.SignInRequest) (*userv1.SignInResponse, error) {
	code, issuer, err := h.service.SignIn(ctx, r.GetLoginId(), r.GetPassword(), user.CodeRequest{
		ClientID: r.GetClientId(), RedirectURI: r.GetRedirectUri(), Scopes: r.GetScopes(),
		CodeChallenge: r.GetCodeChallenge(), DeviceName: r.GetDeviceName(),
	})
	if err != nil {
		return nil, err
	}
	return &userv1.SignInResponse{AuthorizationCode: code, Issuer: issuer}, nil
}

// GetMe reads the caller's account.
func (h *Account) GetMe(ctx context.Context, _ *userv1.GetMeRequest) (*userv1.GetMeResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	account, err := h.service.Me(ctx, id)
	if err != nil {
		return nil, err
	}
	return &userv1.GetMeResponse{Account: accountMessage(account)}, nil
}

// UpdateMe changes the profile.
func (h *Account) UpdateMe(ctx context.Context, r *userv1.UpdateMeRequest) (*userv1.UpdateMeResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := changesOf(r)
	if err != nil {
		return nil, err
	}
	account, err := h.service.UpdateMe(ctx, id, r.GetRevision(), changes)
	if err != nil {
		return nil, err
	}
	return &userv1.UpdateMeResponse{Account: accountMessage(account)}, nil
}

func changesOf(r *userv1.UpdateMeRequest) (user.Changes, error) {
	var c user.Changes
	for _, path := range r.GetUpdateMask().GetPaths() {
		switch path {
		case "name":
			c.Name = &r.Account.Name
		case "phone":
			c.Phone = &r.Account.Phone
		case "language":
			l := languageOf(r.GetAccount().GetLanguage(), lang.Default)
			c.Language = &l
		default:
			return c, errs.Invalid(errs.Field("update_mask",
				"바꿀 수 없는 항목입니다: "+path, "This field cannot be changed: "+path))
		}
	}
	return c, nil
}

// ChangePassword replaces the password.
func (h *Account) ChangePassword(
	ctx context.Context, r *userv1.ChangePasswordRequest,
) (*userv1.ChangePasswordResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	strength, ended, err := h.service.ChangePassword(ctx, id, sessionOf(ctx), r.GetCurrentPassword(), r.GetNewPassword())
	if err != nil {
		return nil, err
	}
	return &userv1.ChangePasswordResponse{PasswordStrength: strengthMessage(strength), SessionsEnded: int32(ended)}, nil
}

// ChangeEmail starts a change of address.
func (h *Account) ChangeEmail(ctx context.Context, r *userv1.ChangeEmailRequest) (*userv1.ChangeEmailResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	account, err := h.service.ChangeEmail(ctx, id, r.GetEmail(), r.GetCurrentPassword())
	if err != nil {
		return nil, err
	}
	return &userv1.ChangeEmailResponse{Account: accountMessage(account)}, nil
}

// SetAvatar stores a picture.
func (h *Account) SetAvatar(ctx context.Context, r *userv1.SetAvatarRequest) (*userv1.SetAvatarResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	account, err := h.service.SetAvatar(ctx, id, r.GetImage())
	if err != nil {
		return nil, err
	}
	return &userv1.SetAvatarResponse{Account: accountMessage(account)}, nil
}

// RemoveAvatar takes the picture away.
func (h *Account) RemoveAvatar(ctx context.Context, _ *userv1.RemoveAvatarRequest) (*userv1.RemoveAvatarResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	account, err := h.service.RemoveAvatar(ctx, id)
	if err != nil {
		return nil, err
	}
	return &userv1.RemoveAvatarResponse{Account: accountMessage(account)}, nil
}
