package user

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
)

// ExportState is how far the making of an archive is.
type ExportState string

// The states.
const (
	Exporting    ExportState = "running"
	Exported     ExportState = "done"
	ExportFailed ExportState = "failed"
)

// Export is an archive of all data of a person.
type Export struct {
	// ID is exp_….
	ID, AccountID string
	State         ExportState
	// Requested, Ended and Expires are in UTC; Ended is zero while it is made, Expires until it is there.
	Requested, Ended, Expires time.Time
	// Parts say which attempt of each service's part counts.
	Parts map[string]Part
}

// Part is what a service gave for an archive, in one attempt.
type Part struct {
	Attempt   string `json:"attempt"`
	Documents int    `json:"documents"`
}

// KeepExport is how long an archive can be had.
const KeepExport = time.Hour

var (
	// ErrNoExport: there is no such archive of this account (any more).
	ErrNoExport = errs.NotFound(errs.ReasonNotFound, "내보내기를 찾을 수 없습니다.", "There is no such export.")
	// ErrExportExpired: the archive is not kept any more.
	ErrExportExpired = errs.New(errs.KindFailedPrecondition, errs.ReasonExportExpired,
		"내보내기 파일의 보관 기간이 지났습니다. 다시 요청해 주세요.", "The archive is not kept any more. Please ask for a new one.")
)

// Expired tells whether an archive cannot be had any more.
func (e Export) Expired(now time.Time) bool { return e.State == Exported && !now.Before(e.Expires) }

// Exports stores archives, document by document. Documents are personal: stores seal them.
type Exports interface {
	// BeginExport notes a new export of an account, or gives the one that is being made or can be had: fresh tells which.
	// ErrNoAccount.
	BeginExport(ctx context.Context, accountID, exportID string, now time.Time) (e Export, fresh bool, err error)
	// Export reads one: ErrNoExport.
	Export(ctx context.Context, id string) (Export, error)
	// AddDocument stores a document of an attempt at a service's part: ErrNoExport where the account is gone.
	AddDocument(ctx context.Context, exportID, service, attempt string, number int, d Document) error
	// FinishExport makes an archive of the parts available until an instant and removes other attempts; one that has ended
	// is left as it is: ErrNoExport.
	FinishExport(ctx context.Context, id string, parts map[string]Part, expires time.Time) error
	// FailExport ends an export that is being made as ExportFailed and removes its documents. Repeating it, or an account
	// that is gone, changes nothing.
	FailExport(ctx context.Context, id string) error
	// Documents gives the documents of an archive in their order.
	Documents(ctx context.Context, e Export, give func(service string, d Document) error) error
	// OwnDocuments gives what the user service itself has of an account: ErrNoAccount.
	OwnDocuments(ctx context.Context, accountID string, add func(path string, content []byte) error) error
}

// Document is a file of an archive.
type Document struct {
	// Path is within the service's folder.
	Path    string `json:"path"`
	Content []byte `json:"content"`
}

// ExportMyData begins to make an archive of all that there is of a person, or gives the one that is being made or can be
// had [U4]. With an id it only looks: ErrNoExport, ErrExportExpired.
func (s *Service) ExportMyData(ctx context.Context, accountID, exportID string) (Export, error) {
	if exportID != "" {
		return s.ExportOf(ctx, accountID, exportID)
	}
	e, fresh, err := s.Exports.BeginExport(ctx, accountID, s.IDs.New(id.Export), s.Clock.Now())
	if err != nil || !fresh {
		return e, err
	}
	if err := s.Sagas.StartExport(e.ID); err != nil { // the sweep finds it
		s.Log.WarnContext(ctx, "start the saga of an export", "export", e.ID, "error", err)
	}
	return e, nil
}

// ExportOf reads an export of an account: ErrNoExport, also for somebody else's; ErrExportExpired.
func (s *Service) ExportOf(ctx context.Context, accountID, exportID string) (Export, error) {
	e, err := s.Exports.Export(ctx, exportID)
	switch {
	case err != nil:
		return Export{}, err
	case e.AccountID != accountID:
		return Export{}, ErrNoExport
	case e.Expired(s.Clock.Now()):
		return Export{}, ErrExportExpired
	}
	return e, nil
}

// The steps of an export's saga. Each may be repeated, also after the process died in its middle.

// CollectData stores what a service has of an export's owner, as a new attempt. A nil part says that the export was given
// up: by ops, because it took too long, or because the account is gone.
func (s *Service) CollectData(ctx context.Context, exportID, service string) (*Part, error) {
	e, err := s.Exports.Export(ctx, exportID)
	if errors.Is(err, ErrNoExport) || err == nil && (e.State != Exporting || s.Clock.Now().Sub(e.Requested) > s.Config.ExportPatience) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &Part{Attempt: s.IDs.New(id.Event)}
	add := func(path string, content []byte) error {
		p.Documents++
		return s.Exports.AddDocument(ctx, exportID, service, p.Attempt, p.Documents, Document{Path: path, Content: content})
	}
	if service == ServiceName {
		err = s.Exports.OwnDocuments(ctx, e.AccountID, add)
	} else {
		err = s.Keepers[service].Collect(ctx, e.AccountID, add)
	}
	if errors.Is(err, ErrNoExport) || errors.Is(err, ErrNoAccount) {
		return nil, nil
	}
	return p, err
}

// ServiceName is what the user service is called in proofs and archives.
const ServiceName = "user"

// FinishExport makes the archive available; false says that the export was given up.
func (s *Service) FinishExport(ctx context.Context, exportID string, parts map[string]Part) (bool, error) {
	err := s.Exports.FinishExport(ctx, exportID, parts, s.Clock.Now().Add(KeepExport))
	if errors.Is(err, ErrNoExport) {
		return false, nil
	}
	return err == nil, err
}

// DropExport is the compensation: nothing of the archive stays.
func (s *Service) DropExport(ctx context.Context, exportID string) error {
	return s.Exports.FailExport(ctx, exportID)
}

// Archive gives the documents of an archive in their order, and at the end their list.
func (s *Service) Archive(ctx context.Context, e Export, give func(path string, content []byte) error) error {
	type entry struct {
		Path  string `json:"path"`
		Bytes int    `json:"bytes"`
	}
	list := struct {
		ID      string    `json:"id"`
		Made    time.Time `json:"made"`
		About   string    `json:"about"`
		Entries []entry   `json:"entries"`
	}{e.ID, e.Ended, "One folder a service. JSON documents are messages of TripGen's public contract, with the names of its fields.", []entry{}}
	err := s.Exports.Documents(ctx, e, func(service string, d Document) error {
		path := service + "/" + d.Path
		list.Entries = append(list.Entries, entry{path, len(d.Content)})
		return give(path, d.Content)
	})
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return give("contents.json", content)
}

// CancelExport gives an export up, by ops: ErrNoExport; one that has ended is left as it is. Its saga does the rest.
func CancelExport(ctx context.Context, store Exports, id string) error {
	if _, err := store.Export(ctx, id); err != nil {
		return err
	}
	return store.FailExport(ctx, id)
}
