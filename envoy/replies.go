package envoy

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// reply is an answer that Envoy makes by itself.
type reply struct {
	status       int
	code, reason string
	message      string
}

var replies = []reply{
	{400, "invalid_argument", "INVALID_ARGUMENT", "The request is malformed."},
	{401, "unauthenticated", "UNAUTHENTICATED", "A valid access token is needed."},
	{403, "permission_denied", "SCOPE_MISSING", "The access token lacks the scope for this call."},
	{404, "unimplemented", "NOT_IMPLEMENTED", "There is no such procedure."},
	{408, "deadline_exceeded", "DEADLINE_EXCEEDED", "The request took too long."},
	{413, "resource_exhausted", "INVALID_ARGUMENT", "The request is too large."},
	{429, "resource_exhausted", "RATE_LIMITED", "Too many calls. Try again later."},
	{431, "resource_exhausted", "INVALID_ARGUMENT", "The request's headers are too large."},
	{503, "unavailable", "UNAVAILABLE", "The service is away for a moment. Try again."},
	{504, "deadline_exceeded", "DEADLINE_EXCEEDED", "The service did not answer in time."},
}

// body is the Connect error in JSON, with the reason as a detail
// (https://connectrpc.com/docs/protocol/#error-end-stream).
func (r reply) body() string {
	info, err := proto.Marshal(&errdetails.ErrorInfo{Reason: r.reason, Domain: "tripgen"})
	if err != nil { // a message of two short strings can be written
		panic(err)
	}
	body, err := json.Marshal(map[string]any{
		"code":    r.code,
		"message": r.message,
		"details": []map[string]string{{"type": "google.rpc.ErrorInfo", "value": base64.RawStdEncoding.EncodeToString(info)}},
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// endOfStream frames the error as the last message of a Connect stream: a flag byte, a length, the JSON.
func (r reply) endOfStream() []byte {
	body := `{"error":` + r.body() + `}`
	frame := binary.BigEndian.AppendUint32([]byte{0x02}, uint32(len(body)))
	return append(frame, body...)
}

// LocalReplies is the YAML of Envoy's local_reply_config, indented to stand in the listener's file. Connect streams
// get status 200 with an end-of-stream frame: connect-go and connect-kotlin misread anything else. Unary calls get
// JSON. gRPC is left to Envoy, which answers with a status in the trailers.
func LocalReplies() string {
	var b strings.Builder
	b.WriteString("mappers:\n")
	for _, r := range replies {
		for _, codec := range []string{"proto", "json"} {
			fmt.Fprintf(&b, "  - filter: { and_filter: { filters: [%s, %s] } }\n", statusIs(r.status), contentTypeIs("application/connect+"+codec))
			fmt.Fprintf(&b, "    status_code: 200\n    body: { inline_bytes: %s }\n", base64.StdEncoding.EncodeToString(r.endOfStream()))
			fmt.Fprintf(&b, "    body_format_override: { text_format_source: { inline_string: \"%%LOCAL_REPLY_BODY%%\" }, content_type: application/connect+%s }\n", codec)
		}
		fmt.Fprintf(&b, "  - filter: %s\n", statusIs(r.status))
		fmt.Fprintf(&b, "    body: { inline_string: %s }\n", quoteYAML(r.body()))
		b.WriteString("    body_format_override: { text_format_source: { inline_string: \"%LOCAL_REPLY_BODY%\" }, content_type: application/json }\n")
	}
	return b.String()
}

func statusIs(status int) string {
	return fmt.Sprintf("{ status_code_filter: { comparison: { op: EQ, value: { default_value: %d, runtime_key: gateway.reply.%d } } } }", status, status)
}

func contentTypeIs(value string) string {
	return fmt.Sprintf("{ header_filter: { header: { name: content-type, string_match: { exact: %s } } } }", value)
}

func quoteYAML(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
