package rpc

import (
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
		f.Description = lang.Text{Ko: koreanRule(one), En: one.GetMessage()}
		all = append(all, f)
	}
	return all
}

// koreanRules covers protovalidate's standard rules by the last part of their names; its own messages are English.
var koreanRules = map[string]string{
	"required": "필수 항목입니다.", "min_len": "너무 짧습니다.", "max_len": "너무 깁니다.", "len": "길이가 맞지 않습니다.",
	"min_bytes": "너무 짧습니다.", "max_bytes": "너무 깁니다.", "pattern": "형식이 올바르지 않습니다.",
	"email": "올바른 이메일 주소가 아닙니다.", "uuid": "형식이 올바르지 않습니다.", "uri": "올바른 주소가 아닙니다.",
	"in": "허용되지 않는 값입니다.", "not_in": "허용되지 않는 값입니다.", "defined_only": "허용되지 않는 값입니다.",
	"const": "허용되지 않는 값입니다.", "gt": "값이 너무 작습니다.", "gte": "값이 너무 작습니다.", "lt": "값이 너무 큽니다.",
	"lte": "값이 너무 큽니다.", "gt_lt": "허용 범위를 벗어났습니다.", "gte_lte": "허용 범위를 벗어났습니다.",
	"gte_lt": "허용 범위를 벗어났습니다.", "gt_lte": "허용 범위를 벗어났습니다.", "min_items": "항목이 부족합니다.",
	"max_items": "항목이 너무 많습니다.", "unique": "같은 값이 두 번 들어 있습니다.", "min_pairs": "항목이 부족합니다.",
	"max_pairs": "항목이 너무 많습니다.",
}

func koreanRule(v *validatev1.Violation) string {
	id := v.GetRuleId()
	if text, ok := koreanRules[id[strings.LastIndexByte(id, '.')+1:]]; ok {
		return text
	}
	return "올바르지 않은 값입니다."
}
