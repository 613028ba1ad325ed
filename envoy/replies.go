package envoy

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// reply is an answer that Envoy makes by itself.
type reply struct {
	status  int
	code    connect.Code
	reason  string
	message string
	// again is after how long to try again, where that helps.
	again time.Duration
	// oauth is the error code at OAuth's endpoints (RFC 6749, section 5.2).
	oauth string
}

// The reply to a revoked token: RBAC refuses it with 403, but it is the token that is no longer valid.
var revokedReply = reply{401, connect.CodeUnauthenticated, "UNAUTHENTICATED", "The session has ended.", 0, "invalid_token"}

var tokenReply = reply{401, connect.CodeUnauthenticated, "UNAUTHENTICATED", "A valid access token is needed.", 0, "invalid_token"}

var replies = []reply{
	tokenReply,
	{400, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "The request is malformed.", 0, "invalid_request"},
	{403, connect.CodePermissionDenied, "SCOPE_MISSING", "The access token lacks the scope for this call.", 0, "access_denied"},
	{404, connect.CodeUnimplemented, "NOT_IMPLEMENTED", "There is no such procedure.", 0, "invalid_request"},
	{408, connect.CodeDeadlineExceeded, "DEADLINE_EXCEEDED", "The request took too long.", 0, "invalid_request"},
	{413, connect.CodeResourceExhausted, "INVALID_ARGUMENT", "The request is too large.", 0, "invalid_request"},
	{429, connect.CodeResourceExhausted, "RATE_LIMITED", "Too many calls. Try again later.", time.Second, "temporarily_unavailable"},
	{431, connect.CodeResourceExhausted, "INVALID_ARGUMENT", "The request's headers are too large.", 0, "invalid_request"},
	{500, connect.CodeInternal, "INTERNAL", "Something went wrong on our side.", 0, "server_error"},
	{501, connect.CodeUnimplemented, "NOT_IMPLEMENTED", "The request uses something that is not supported.", 0, "invalid_request"},
	{502, connect.CodeUnavailable, "UNAVAILABLE", "The service is away for a moment. Try again.", time.Second, "temporarily_unavailable"},
	{503, connect.CodeUnavailable, "UNAVAILABLE", "The service is away for a moment. Try again.", time.Second, "temporarily_unavailable"},
	{504, connect.CodeDeadlineExceeded, "DEADLINE_EXCEEDED", "The service did not answer in time.", 0, "temporarily_unavailable"},
}

func (r reply) details() []*anypb.Any {
	all := []proto.Message{&errdetails.ErrorInfo{Reason: r.reason, Domain: "tripgen"}}
	if r.status == 413 {
		all = append(all, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "request", Description: "This is too large."},
		}})
	}
	if r.again > 0 {
		all = append(all, &errdetails.RetryInfo{RetryDelay: durationpb.New(r.again)})
	}
	var out []*anypb.Any
	for _, m := range all {
		detail, err := anypb.New(m)
		if err != nil { // these can always be written
			panic(err)
		}
		out = append(out, detail)
	}
	return out
}

// connect is the Connect error in JSON (https://connectrpc.com/docs/protocol/#error-end-stream).
func (r reply) connect() string {
	var details []map[string]string
	for _, d := range r.details() {
		details = append(details, map[string]string{
			"type": string(d.MessageName()), "value": base64.RawStdEncoding.EncodeToString(d.GetValue()),
		})
	}
	return asJSON(map[string]any{"code": r.code.String(), "message": r.message, "details": details})
}

// endOfStream frames the error as the last message of a Connect stream: a flag byte, a length, the JSON.
func (r reply) endOfStream() []byte { return frame(0x02, `{"error":`+r.connect()+`}`) }

// grpcDetails is the header grpc-status-details-bin.
func (r reply) grpcDetails() string {
	raw, err := proto.Marshal(&status.Status{Code: int32(r.code), Message: r.message, Details: r.details()})
	if err != nil {
		panic(err)
	}
	return base64.RawStdEncoding.EncodeToString(raw)
}

// grpcWeb frames the status as the trailers of a gRPC-Web answer.
func (r reply) grpcWeb() []byte {
	return frame(0x80, fmt.Sprintf("grpc-status: %d\r\ngrpc-message: %s\r\ngrpc-status-details-bin: %s\r\n",
		r.code, url.PathEscape(r.message), r.grpcDetails()))
}

func frame(flags byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(body))), body...)
}

func asJSON(v any) string {
	out, err := json.Marshal(v)
	if err != nil { // maps of strings can always be written
		panic(err)
	}
	return string(out)
}

// form is how an answer looks to one kind of client, which the request's headers tell.
type form struct {
	matches     string
	body        func(r reply) []byte
	contentType string
	status      func(r reply) int
	grpc        bool
}

func always200(reply) int  { return 200 }
func same(r reply) int     { return r.status }
func text(s string) []byte { return []byte(s) }

// forms are looked at in this order. Connect streams get status 200 with an end-of-stream frame: connect-go and
// connect-kotlin misread anything else. gRPC gets headers and no body (Trailers-Only), which the filter for gRPC-Web
// leaves as it is.
var forms = []form{
	{header("content-type", "prefix", "application/grpc-web-text"), func(r reply) []byte {
		return text(base64.StdEncoding.EncodeToString(r.grpcWeb()))
	}, "application/grpc-web-text+proto", always200, false},
	{header("content-type", "prefix", "application/grpc-web"), reply.grpcWeb, "application/grpc-web+proto", always200, false},
	{header("content-type", "prefix", "application/grpc"), func(reply) []byte { return nil }, "application/grpc", always200, true},
	{header("content-type", "exact", "application/connect+proto"), reply.endOfStream, "application/connect+proto", always200, false},
	{header("content-type", "exact", "application/connect+json"), reply.endOfStream, "application/connect+json", always200, false},
	{header(":path", "prefix", "/oauth2/"), func(r reply) []byte {
		return text(asJSON(map[string]string{"error": r.oauth, "error_description": r.message}))
	}, "application/json", same, false},
	{"", func(r reply) []byte { return text(r.connect()) }, "application/json", same, false},
}

// LocalReplies is the YAML of Envoy's local_reply_config.
func LocalReplies() string {
	var b strings.Builder
	b.WriteString("mappers:\n")
	for _, f := range forms {
		f.write(&b, revokedReply, detailsAre("response.code_details == 'rbac_access_denied_matched_policy[revoked]'"))
		// 403 to Envoy, where the audience is another: but such a token is not valid here (RFC 6750, section 3.1).
		f.write(&b, tokenReply, detailsAre("response.code_details.startsWith('jwt_authn_access_denied')"))
	}
	for _, r := range replies {
		for _, f := range forms {
			f.write(&b, r, statusIs("EQ", r.status))
		}
	}
	// What is not foreseen has no words of Envoy's in it either.
	for _, f := range forms {
		f.write(&b, reply{500, connect.CodeInternal, "INTERNAL", "Something went wrong on our side.", 0, "server_error"}, statusIs("GE", 500))
		f.write(&b, reply{400, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "The request is malformed.", 0, "invalid_request"}, statusIs("GE", 400))
	}
	return b.String()
}

func (f form) write(b *strings.Builder, r reply, matches string) {
	if f.matches != "" {
		matches = fmt.Sprintf("{ and_filter: { filters: [%s, %s] } }", matches, f.matches)
	}
	fmt.Fprintf(b, "  - filter: %s\n    status_code: %d\n    body: { inline_bytes: %q }\n", matches, f.status(r), base64.StdEncoding.EncodeToString(f.body(r)))
	fmt.Fprintf(b, "    body_format_override: { text_format_source: { inline_string: \"%%LOCAL_REPLY_BODY%%\" }, content_type: %s }\n", f.contentType)
	var headers []string
	addAs := func(action, key, value string) {
		headers = append(headers, fmt.Sprintf("{ header: { key: %s, value: \"%s\" }, append_action: %s }", key, value, action))
	}
	add := func(key, value string) { addAs("OVERWRITE_IF_EXISTS_OR_ADD", key, value) }
	switch {
	case r.status == 429: // local limits have said it already, the global one says when its minute ends
		addAs("ADD_IF_ABSENT", "retry-after", "%RESP(x-ratelimit-reset)%")
	case r.again > 0:
		add("retry-after", fmt.Sprintf("%.0f", r.again.Seconds()))
	}
	// RFC 6750, section 3.1; Envoy has its own for a token that is missing or does not verify.
	switch {
	case r == revokedReply:
		add("www-authenticate", `Bearer error=\"invalid_token\"`)
	case r.status == 403:
		add("www-authenticate", `Bearer error=\"insufficient_scope\"`)
	}
	if f.grpc {
		add("grpc-status", fmt.Sprint(int(r.code)))
		add("grpc-message", r.message)
		add("grpc-status-details-bin", r.grpcDetails())
	}
	if len(headers) > 0 {
		fmt.Fprintf(b, "    headers_to_add: [%s]\n", strings.Join(headers, ", "))
	}
}

func statusIs(op string, status int) string {
	return fmt.Sprintf("{ status_code_filter: { comparison: { op: %s, value: { default_value: %d, runtime_key: gateway.reply.%d } } } }", op, status, status)
}

// detailsAre matches by what Envoy notes about an answer of its own.
func detailsAre(expression string) string {
	return "{ extension_filter: { name: cel, typed_config: { \"@type\": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter, " +
		"expression: \"" + expression + "\" } } }"
}

func header(name, how, value string) string {
	return fmt.Sprintf("{ header_filter: { header: { name: %q, string_match: { %s: %s } } } }", name, how, value)
}
