package pipeline

import (
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

func text(ko, en string) *typev1.LocalizedText { return &typev1.LocalizedText{Ko: ko, En: en} }
