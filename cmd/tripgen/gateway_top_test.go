package main

import (
	"bufio"
	"io"
	"strings"
	"testing"
)

func TestTopReadsWholeLinesOfTheAccessLog(t *testing.T) {
	t.Parallel()
	log := `{"path":"/a","status":200,"milliseconds":3,"subject":"user_1","client":"app","details":"via_upstream"}
not a line of the log
{"path":"/a","status":429,"milliseconds":0,"subject":"user_2","client":"app","details":"local_rate_limited"}
{"path":"/b","status":503,"milliseconds":9,"subject":null,"client":null,"address":"192.0.2.1","details":"no_healthy_upstream"}
{"path":"/c","sta`
	calls, err := readCalls(bufio.NewReader(strings.NewReader(log)))
	if err != nil || len(calls) != 3 {
		t.Fatalf("%d calls, %v", len(calls), err)
	}
	groups := group(calls, func(c call) string { return c.Path }, 10)
	if len(groups) != 2 || groups[0].key != "/a" || len(groups[0].calls) != 2 {
		t.Errorf("groups %+v", groups)
	}
	if c := calls[1]; !c.limited() || c.failed() || c.caller() != "user_2 (app)" {
		t.Errorf("%+v", c)
	}
	if c := calls[2]; c.limited() || !c.failed() || c.caller() != "192.0.2.1 (no client)" {
		t.Errorf("%+v", c)
	}
	// An answer of a service with the same status is not the gateway's.
	if (call{Status: 429, Details: "via_upstream"}).limited() {
		t.Error("a service's refusal is taken for a limit of the gateway")
	}
	if calls, err := readCalls(bufio.NewReader(io.LimitReader(strings.NewReader(""), 0))); err != nil || calls != nil {
		t.Errorf("an empty log: %v, %v", calls, err)
	}
}
