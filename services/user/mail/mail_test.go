package mail_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/services/user/mail"
)

var message = mail.Message{
	Kind: mail.ConfirmAddress, To: "minsu@traveller.example", Name: "김민수", Code: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Language: lang.Korean,
}

// read takes a mail apart.
func read(t *testing.T, raw io.Reader) (subject, text string, header netmail.Header) {
	t.Helper()
	m, err := netmail.ReadMessage(raw)
	if err != nil {
		t.Fatal(err)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return subject, string(body), m.Header
}

func TestAMailInTheFolderIsAMail(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	folder := mail.Folder{Dir: filepath.Join(t.TempDir(), "mail"), From: "TripGen <no-reply@tripgen.example>", Log: slog.New(slog.NewTextHandler(&log, nil))}
	words, err := mail.Words(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Deliver(t.Context(), words); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder.Dir, "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files = %v, %v", files, err)
	}
	file, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	subject, text, header := read(t, file)
	if subject != "[TripGen] 이메일 주소를 확인해 주세요" || !strings.Contains(text, message.Code) || !strings.Contains(text, message.Name) ||
		!strings.HasSuffix(header.Get("Message-ID"), "@tripgen.example>") {
		t.Errorf("mail = %q %q %v", subject, text, header)
	}
	for _, personal := range []string{message.To, message.Name, message.Code, "minsu"} {
		if strings.Contains(log.String(), personal) || strings.Contains(files[0], personal) {
			t.Errorf("%q is in the log or the file's name", personal)
		}
	}
}

func TestMailsAreInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	m := message
	m.Language = lang.English
	words, err := mail.Words(m)
	if err != nil || !strings.HasPrefix(words.Subject, "[TripGen] Please confirm") || !strings.Contains(words.Text, "Hello 김민수,") {
		t.Errorf("Words = %+v, %v", words, err)
	}
}

// smtpServer takes one mail and gives what it was told.
func smtpServer(t *testing.T) (port int, got <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	told := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		told <- converse(conn)
	}()
	address, _ := listener.Addr().(*net.TCPAddr)
	return address.Port, told
}

// converse speaks a server's part of RFC 5321, as far as one mail needs it.
func converse(conn net.Conn) string {
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	var told strings.Builder
	say("220 mail.example")
	lines := bufio.NewScanner(conn)
	for data := false; lines.Scan(); {
		line := lines.Text()
		told.WriteString(line + "\r\n")
		switch verb, _, _ := strings.Cut(line, " "); {
		case data && line == ".":
			data = false
			say("250 taken")
		case data:
		case verb == "DATA":
			data = true
			say("354 go on")
		case verb == "QUIT":
			say("221 bye")
			return told.String()
		default:
			say("250 fine")
		}
	}
	return told.String()
}

func TestSMTPHandsTheMailOver(t *testing.T) {
	t.Parallel()
	port, got := smtpServer(t)
	smtp, err := mail.NewSMTP(mail.SMTPConfig{Host: "127.0.0.1", Port: port, From: "TripGen <no-reply@tripgen.example>", Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	words, err := mail.Words(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := smtp.Deliver(t.Context(), words); err != nil {
		t.Fatal(err)
	}
	told := <-got
	for _, want := range []string{"MAIL FROM:<no-reply@tripgen.example>", "RCPT TO:<minsu@traveller.example>", message.Code} {
		if !strings.Contains(told, want) {
			t.Errorf("%q was not said in\n%s", want, told)
		}
	}
}

func TestSMTPInsistsOnTLS(t *testing.T) {
	t.Parallel()
	port, _ := smtpServer(t)
	smtp, err := mail.NewSMTP(mail.SMTPConfig{Host: "127.0.0.1", Port: port, From: "TripGen <no-reply@tripgen.example>"})
	if err != nil {
		t.Fatal(err)
	}
	if err := smtp.Deliver(t.Context(), mail.Mail{To: "a@b.example", Subject: "s", Text: "t"}); err == nil {
		t.Error("a mail went out in the clear")
	} else if strings.Contains(err.Error(), "a@b.example") {
		t.Errorf("the error tells whom it was for: %v", err)
	}
}

// queue is a queue in memory with one mail.
type queue struct {
	mu      sync.Mutex
	waiting bool
	attempt int
	done    chan struct{}
}

func (q *queue) Claim(context.Context, int, time.Duration) ([]mail.Queued, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.waiting {
		return nil, nil
	}
	q.waiting = false
	q.attempt++
	return []mail.Queued{{ID: 7, Message: message, Attempt: q.attempt}}, nil
}

func (q *queue) Done(context.Context, int64) error {
	close(q.done)
	return nil
}

// flaky fails the first time.
type flaky struct {
	mu     sync.Mutex
	failed bool
	sender *mail.Sender
	q      *queue
}

func (f *flaky) Deliver(context.Context, mail.Mail) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed {
		return nil
	}
	f.failed = true
	f.q.mu.Lock()
	f.q.waiting = true // its lease is over
	f.q.mu.Unlock()
	f.sender.Kick()
	return errors.New("the server is away")
}

func TestAMailThatCannotBeDeliveredIsTriedAgain(t *testing.T) {
	t.Parallel()
	q := &queue{waiting: true, done: make(chan struct{})}
	f := &flaky{q: q}
	var log bytes.Buffer
	f.sender = mail.NewSender(f, slog.New(slog.NewTextHandler(&log, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.sender.Run(ctx, q) }()
	select {
	case <-q.done:
	case <-time.After(10 * time.Second):
		t.Error("the mail was not tried again")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if q.attempt != 2 || !strings.Contains(log.String(), "the server is away") || strings.Contains(log.String(), message.To) {
		t.Errorf("%d attempts, log %q", q.attempt, log.String())
	}
}
