package user

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
)

// DeletionState is how far a deletion is.
type DeletionState string

// The states. Until Forgetting a deletion can be undone; from then on it only goes forward.
const (
	// Holding: the account is locked, and the services are asked to take nothing new of it.
	Holding DeletionState = "holding"
	// Undoing: it is given up; the services are told so, and then the account is unlocked.
	Undoing DeletionState = "undoing"
	// Undone: the account can be used as before; nothing was lost but its sessions.
	Undone DeletionState = "undone"
	// Forgetting: the services remove what they have.
	Forgetting DeletionState = "forgetting"
	// Deleted: all is gone.
	Deleted DeletionState = "done"
)

// Deletion is that of an account, and afterwards its proof. It carries ids and counts, and no personal data.
type Deletion struct {
	// ID is del_….
	ID, AccountID string
	State         DeletionState
	// Requested and Ended are in UTC; Ended is zero while it goes on.
	Requested, Ended time.Time
	// Forgotten says by service what was removed.
	Forgotten map[string]Forgotten
}

// Forgotten is what one service removed: how many of each kind, and when (UTC).
type Forgotten struct {
	Removed map[string]int64 `json:"removed"`
	Time    time.Time        `json:"time"`
}

var (
	// ErrNoDeletion: there is no such deletion.
	ErrNoDeletion = errs.NotFound(errs.ReasonNotFound, "삭제 요청을 찾을 수 없습니다.", "There is no such deletion.")
	// ErrDeletionDecided: it is too late to undo the deletion.
	ErrDeletionDecided = errs.New(errs.KindFailedPrecondition, errs.ReasonDeletionDone,
		"이미 삭제가 시작되어 취소할 수 없습니다.", "Data is removed already: the deletion cannot be undone.")
)

// Deletions stores deletions.
type Deletions interface {
	// BeginDeletion locks an account, ends all that it is logged in with, and notes the deletion, in one transaction. For
	// an account that is being deleted it gives the deletion that there is. ErrNoAccount.
	BeginDeletion(ctx context.Context, accountID, deletionID string) (Deletion, error)
	// Deletion reads one: ErrNoDeletion.
	Deletion(ctx context.Context, id string) (Deletion, error)
	// MoveDeletion moves a deletion from one state to another if it is in the first, and gives the state it is in then.
	MoveDeletion(ctx context.Context, id string, from, to DeletionState) (DeletionState, error)
	// Unlock unlocks the account of a deletion that is being undone, ends it as Undone, and tells its owner. Repeating it
	// changes nothing.
	Unlock(ctx context.Context, id string) error
	// NoteForgotten notes what a service removed.
	NoteForgotten(ctx context.Context, id, service string, f Forgotten) error
	// ForgetAccount removes the account with all that belongs to it, and notes what that was. Repeating it changes nothing.
	ForgetAccount(ctx context.Context, id string) (Forgotten, error)
	// FinishDeletion ends a deletion as Deleted; repeating it changes nothing.
	FinishDeletion(ctx context.Context, id string) error
}

// Keeper is another service that has data of persons. All but Collect may be repeated.
type Keeper interface {
	// Hold takes nothing new of the owner from now on.
	Hold(ctx context.Context, deletionID, owner string) error
	// Release takes a hold back for good.
	Release(ctx context.Context, deletionID, owner string) error
	// Forget removes all data of the owner and tells how many of each kind, and when.
	Forget(ctx context.Context, deletionID, owner string) (removed map[string]int64, at time.Time, err error)
	// Collect gives all data of the owner, a document at a time.
	Collect(ctx context.Context, owner string, add func(path string, content []byte) error) error
}

// Sagas runs what takes longer than a call.
type Sagas interface {
	// StartDeletion and StartExport begin the saga of one; repeating it changes nothing.
	StartDeletion(id string) error
	StartExport(id string) error
}

// Announcer tells everybody of deleted accounts.
type Announcer interface {
	// AccountDeleted tells of one; told twice it is the same event.
	AccountDeleted(ctx context.Context, d Deletion) error
}

// DeleteAccount begins the deletion of an account [U4]: from now on it cannot be used. Errors: ErrCredentials, ErrLocked.
func (s *Service) DeleteAccount(ctx context.Context, accountID, current string) (Deletion, error) {
	if _, _, err := s.prove(ctx, accountID, current); err != nil {
		return Deletion{}, err
	}
	d, err := s.Deletions.BeginDeletion(ctx, accountID, s.IDs.New(id.Deletion))
	if err != nil {
		return Deletion{}, err
	}
	if err := s.Sagas.StartDeletion(d.ID); err != nil { // the sweep finds it
		s.Log.WarnContext(ctx, "start the saga of a deletion", "deletion", d.ID, "error", err)
	}
	return d, nil
}

// The steps of a deletion's saga, in their order. Each may be repeated, also after the process died in its middle. None
// of their errors is for good: they are tried until they work, or until the deletion is undone.

// HoldData asks a service to take nothing new of a deletion's owner; false says that the deletion is to be undone.
func (s *Service) HoldData(ctx context.Context, deletionID, service string) (bool, error) {
	d, err := s.Deletions.Deletion(ctx, deletionID)
	if err != nil || d.State == Undoing {
		return false, err
	}
	if s.Clock.Now().Sub(d.Requested) > s.Config.HoldPatience {
		state, err := s.Deletions.MoveDeletion(ctx, deletionID, Holding, Undoing)
		return state != Undoing, err
	}
	err = s.Keepers[service].Hold(ctx, deletionID, d.AccountID)
	if errs.HasReason(err, errs.ReasonDeletionUndone) {
		return false, nil
	}
	return err == nil, err
}

// DecideDeletion is the point of no return; false says that the deletion is to be undone.
func (s *Service) DecideDeletion(ctx context.Context, deletionID string) (bool, error) {
	state, err := s.Deletions.MoveDeletion(ctx, deletionID, Holding, Forgetting)
	return state == Forgetting, err
}

// ReleaseData is the compensation of HoldData.
func (s *Service) ReleaseData(ctx context.Context, deletionID, service string) error {
	d, err := s.Deletions.Deletion(ctx, deletionID)
	if err != nil {
		return err
	}
	return s.Keepers[service].Release(ctx, deletionID, d.AccountID)
}

// UndoDeletion is the compensation of the lock.
func (s *Service) UndoDeletion(ctx context.Context, deletionID string) error {
	return s.Deletions.Unlock(ctx, deletionID)
}

// ForgetData has a service remove what it has of a deletion's owner.
func (s *Service) ForgetData(ctx context.Context, deletionID, service string) (Forgotten, error) {
	d, err := s.Deletions.Deletion(ctx, deletionID)
	if err != nil {
		return Forgotten{}, err
	}
	removed, at, err := s.Keepers[service].Forget(ctx, deletionID, d.AccountID)
	if err != nil {
		return Forgotten{}, err
	}
	f := Forgotten{Removed: removed, Time: at}
	return f, s.Deletions.NoteForgotten(ctx, deletionID, service, f)
}

// ForgetAccount removes the account itself.
func (s *Service) ForgetAccount(ctx context.Context, deletionID string) (Forgotten, error) {
	return s.Deletions.ForgetAccount(ctx, deletionID)
}

// AnnounceDeletion tells everybody that the account is gone.
func (s *Service) AnnounceDeletion(ctx context.Context, deletionID string) error {
	d, err := s.Deletions.Deletion(ctx, deletionID)
	if err != nil {
		return err
	}
	return s.Announcer.AccountDeleted(ctx, d)
}

// FinishDeletion makes the proof complete.
func (s *Service) FinishDeletion(ctx context.Context, deletionID string) error {
	return s.Deletions.FinishDeletion(ctx, deletionID)
}

// Deletion tells how far a deletion is: ErrNoDeletion.
func (s *Service) Deletion(ctx context.Context, id string) (Deletion, error) {
	return s.Deletions.Deletion(ctx, id)
}

// UndoBy asks for a deletion to be undone, by ops: ErrDeletionDecided where it is too late. Its saga does it.
func UndoBy(ctx context.Context, store Deletions, id string) error {
	state, err := store.MoveDeletion(ctx, id, Holding, Undoing)
	if err == nil && state != Undoing && state != Undone {
		err = ErrDeletionDecided
	}
	return err
}
