package rpc

import (
	"fmt"
	"regexp"
	"strings"

	validatev1 "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
)

func violations(v *protovalidate.ValidationError) []errs.FieldViolation {
	var all []errs.FieldViolation
	for _, one := range v.ToProto().GetViolations() {
		f := errs.FieldViolation{Field: protovalidate.FieldPathString(one.GetField()), Rule: one.GetRuleId()}
		f.Description = ruleText(one)
		all = append(all, f)
	}
	return all
}

// rules says protovalidate's standard rules to people, by the last part of their names: each %s is a bound, as the rule's
// own message has them. Where a rule is not here, or has other bounds, the Korean is plain and the English its own.
var rules = map[string]lang.Text{
	"required":  {Ko: "필수 항목입니다.", En: "This is needed."},
	"min_len":   {Ko: "%s자 이상이어야 합니다.", En: "This has at least %s characters."},
	"max_len":   {Ko: "%s자까지 쓸 수 있습니다.", En: "This has at most %s characters."},
	"gte_lte":   {Ko: "%s 이상 %s 이하여야 합니다.", En: "This has to be %s to %s."},
	"gte":       {Ko: "%s 이상이어야 합니다.", En: "This has to be at least %s."},
	"lte":       {Ko: "%s 이하여야 합니다.", En: "This has to be at most %s."},
	"gt":        {Ko: "%s보다 커야 합니다.", En: "This has to be more than %s."},
	"lt":        {Ko: "%s보다 작아야 합니다.", En: "This has to be less than %s."},
	"min_items": {Ko: "항목이 부족합니다. (최소 %s)", En: "Too few of them (at least %s)."},
	"max_items": {Ko: "항목이 너무 많습니다. (최대 %s)", En: "Too many of them (at most %s)."},
	"unique":    {Ko: "같은 값이 두 번 들어 있습니다.", En: "The same value is in it twice."},
	"pattern":   {Ko: "형식이 올바르지 않습니다.", En: "The format is not right."},
	"email":     {Ko: "올바른 이메일 주소가 아닙니다.", En: "This is no e-mail address."},
	"uri":       {Ko: "올바른 주소가 아닙니다.", En: "This is no address."},
	"in":        {Ko: "허용되지 않는 값입니다.", En: "This value is not allowed."},
	"not_in":    {Ko: "허용되지 않는 값입니다.", En: "This value is not allowed."},
	"const":     {Ko: "허용되지 않는 값입니다.", En: "This value is not allowed."},
	// Of an enumeration.
	"enum.not_in":       {Ko: "하나를 골라 주세요.", En: "Choose one."},
	"enum.defined_only": {Ko: "하나를 골라 주세요.", En: "Choose one."},
	// An empty text.
	"min_len 1": {Ko: "입력해 주세요.", En: "This is needed."},
}

var bound = regexp.MustCompile(`-?\d+(\.\d+)?`)

// ruleText says what is wrong, in both languages.
func ruleText(v *validatev1.Violation) lang.Text {
	id := v.GetRuleId()
	short := id[strings.LastIndexByte(id, '.')+1:]
	bounds := bound.FindAllString(v.GetMessage(), -1)
	for _, name := range []string{id, short + " " + strings.Join(bounds, " "), short} {
		text, ok := rules[name]
		if !ok || strings.Count(text.Ko, "%s") > len(bounds) {
			continue
		}
		values := make([]any, strings.Count(text.Ko, "%s"))
		for i := range values {
			values[i] = bounds[i]
		}
		return lang.Text{Ko: fmt.Sprintf(text.Ko, values...), En: fmt.Sprintf(text.En, values...)}
	}
	return lang.Text{Ko: "올바르지 않은 값입니다.", En: v.GetMessage()}
}
