package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// caller has one connection at a time, HTTP/1.1. It reads no more of the protocol than the answers have: net/http's
// client would take more of the machine than what is measured.
type caller struct {
	to     target
	conn   net.Conn
	reader *bufio.Reader
	// used counts the requests over the connection; until is its deadline.
	used  int
	until time.Time
}

// answer is what a caller keeps of one.
type answer struct {
	status          int
	isJSON, isTimed bool
	body            []byte
}

// typed holds for a refusal that says what it is, in OAuth's way or Connect's, and when to try again.
func (a answer) typed() bool {
	oauth := bytes.Contains(a.body, []byte(`"error":"temporarily_unavailable"`)) && a.isTimed
	connect := bytes.Contains(a.body, []byte(`"code":"unavailable"`)) && bytes.Contains(a.body, []byte("RetryInfo"))
	return a.isJSON && (oauth || connect)
}

const answerLimit = 30 * time.Second

// send sends a request and reads the answer; status 0 where there is none.
func (c *caller) send(request string) (answer, error) {
	began := time.Now()
	if err := c.connect(began); err != nil {
		return answer{}, err
	}
	c.used++
	if _, err := io.WriteString(c.conn, request); err != nil {
		c.close()
		return answer{}, fmt.Errorf("send: %w", err)
	}
	a, last, err := readAnswer(c.reader)
	if err != nil {
		c.close()
		return answer{}, fmt.Errorf("no answer to request %d of the connection after %v: %w", c.used, time.Since(began), err)
	}
	if last {
		c.close()
	}
	return a, nil
}

func (c *caller) connect(now time.Time) error {
	if c.conn == nil {
		dialer := net.Dialer{Timeout: answerLimit, LocalAddr: &net.TCPAddr{IP: c.to.from}}
		conn, err := dialer.Dial("tcp", c.to.address)
		if err != nil {
			return err
		}
		c.conn, c.reader, c.used, c.until = conn, bufio.NewReaderSize(conn, 4096), 0, time.Time{}
	}
	if c.until.Sub(now) > answerLimit/2 {
		return nil
	}
	c.until = now.Add(answerLimit)
	return c.conn.SetDeadline(c.until)
}

func (c *caller) close() {
	if c.conn != nil {
		_ = c.conn.Close() // its work is done
		c.conn = nil
	}
}

// readAnswer reads an answer with a Content-Length; last tells that the server closes the connection after it.
func readAnswer(r *bufio.Reader) (a answer, last bool, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return a, false, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return a, false, fmt.Errorf("not HTTP: %q", line)
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return a, false, fmt.Errorf("not HTTP: %q", line)
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return a, false, err
		}
		name, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if !ok {
			break
		}
		value = bytes.TrimSpace(value)
		switch string(bytes.ToLower(name)) {
		case "content-length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return a, false, err
			}
		case "content-type":
			a.isJSON = string(value) == "application/json"
		case "retry-after":
			a.isTimed = len(value) > 0
		case "connection":
			last = string(value) == "close"
		}
	}
	if length < 0 {
		return a, false, fmt.Errorf("status %d without Content-Length", status)
	}
	a.status, a.body = status, make([]byte, length)
	_, err = io.ReadFull(r, a.body)
	return a, last, err
}
