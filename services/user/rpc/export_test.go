package rpc_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tripgen/tripgen/internal/errs"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/usertest"
)

func download(t *testing.T, s *usertest.Service, token, path string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, content
}

// [U4] All data in one archive, for its owner alone and for an hour; asked for again meanwhile it is the same one.
func TestAnArchiveOfOnesOwnData(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	token := s.LogIn(p, "my phone").AccessToken
	mine := s.Accounts(token)
	s.Keeper.Away(true)
	first, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{})
	if err != nil || first.GetState() != userv1.JobState_JOB_STATE_RUNNING {
		t.Fatalf("%v, %v", first, err)
	}
	if same, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{}); err != nil || same.GetExportId() != first.GetExportId() {
		t.Fatalf("asked for again: %v, %v", same, err)
	}
	if status, _ := download(t, s, token, "/account/exports/"+first.GetExportId()); status != http.StatusNotFound {
		t.Errorf("an archive that is not there yet: %d", status)
	}
	s.Keeper.Away(false)
	var done *userv1.ExportMyDataResponse
	eventually(t, "the archive", func() bool {
		if done, err = mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{ExportId: first.GetExportId()}); err != nil {
			t.Fatal(err)
		}
		return done.GetState() == userv1.JobState_JOB_STATE_DONE
	})
	if again, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{}); err != nil || again.GetArchivePath() != done.GetArchivePath() {
		t.Errorf("asked for again: %v, %v", again, err)
	}
	status, content := download(t, s, token, done.GetArchivePath())
	if status != http.StatusOK {
		t.Fatalf("download: %d %s", status, content)
	}
	checkArchive(t, content, p)

	stranger := s.SignUp()
	other := s.LogIn(stranger, "other").AccessToken
	if status, _ := download(t, s, other, done.GetArchivePath()); status != http.StatusNotFound {
		t.Errorf("somebody else's archive: %d", status)
	}
	if status, _ := download(t, s, "", done.GetArchivePath()); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if _, err := s.Accounts(other).ExportMyData(t.Context(), &userv1.ExportMyDataRequest{ExportId: first.GetExportId()}); reason(err) != errs.ReasonNotFound {
		t.Errorf("somebody else's export: %v", err)
	}
	s.Clock.Advance(user.KeepExport)
	if status, content := download(t, s, token, done.GetArchivePath()); status != http.StatusGone || !strings.Contains(string(content), "EXPORT_EXPIRED") {
		t.Errorf("an hour later: %d %s", status, content)
	}
	if _, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{ExportId: first.GetExportId()}); reason(err) != errs.ReasonExportExpired {
		t.Errorf("an hour later: %v", err)
	}
	if err := s.Store.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := s.Pool.QueryRow(t.Context(), `SELECT count(*) FROM export_documents`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d documents are left, %v", left, err)
	}
	if fresh, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{}); err != nil || fresh.GetExportId() == first.GetExportId() {
		t.Errorf("a new one: %v, %v", fresh, err)
	}
}

func checkArchive(t *testing.T, content []byte, p usertest.Person) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"user/account.json", "user/sessions.json", "user/consents.json", "user/security_events.json", "trip/thing.json",
		"ai/thing.json", "location/thing.json", "contents.json",
	} {
		if len(files[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	var account struct {
		LoginID string `json:"login_id"`
		Email   string `json:"email"`
	}
	if err := json.Unmarshal(files["user/account.json"], &account); err != nil || account.LoginID != p.LoginID || account.Email != p.Account.GetEmail() {
		t.Errorf("account.json: %+v, %v", account, err)
	}
	if !strings.Contains(string(files["user/sessions.json"]), "my phone") {
		t.Errorf("sessions.json: %s", files["user/sessions.json"])
	}
}

// An export that ops cancel leaves nothing, and can be asked for again. A deletion takes all archives along.
func TestAnExportThatIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	mine := s.Accounts(s.LogIn(p, "phone").AccessToken)
	s.Keeper.Away(true)
	first, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if err := user.CancelExport(t.Context(), s.Store, first.GetExportId()); err != nil {
		t.Fatal(err)
	}
	if state, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{ExportId: first.GetExportId()}); err != nil || state.GetState() != userv1.JobState_JOB_STATE_FAILED {
		t.Fatalf("%v, %v", state, err)
	}
	second, err := mine.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{})
	if err != nil || second.GetExportId() == first.GetExportId() {
		t.Fatalf("%v, %v", second, err)
	}
	receipt, err := mine.DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: p.Password})
	if err != nil {
		t.Fatal(err)
	}
	s.Keeper.Away(false)
	done := awaitDeletion(t, s, receipt.GetDeletionId(), userv1.JobState_JOB_STATE_DONE)
	i := slices.IndexFunc(done.GetDeleted(), func(d *userv1.DeletedData) bool { return d.GetService() == "user" })
	if done.GetDeleted()[i].GetRemoved()["exports"] != 2 {
		t.Errorf("the proof is %v", done)
	}
	var left int
	eventually(t, "the documents to be gone", func() bool {
		err := s.Pool.QueryRow(t.Context(), `SELECT count(*) FROM export_documents`).Scan(&left)
		return err == nil && left == 0
	})
}
