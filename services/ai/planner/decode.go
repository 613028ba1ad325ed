package planner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// MaxProblemBytes bounds an encoded problem.
const MaxProblemBytes = 64 << 20

// DecodeProblem reads a problem from JSON with the field names of the types,
// refuses fields that do not exist and anything after the problem, and validates
// it. Errors are *ProblemError.
func DecodeProblem(data []byte) (*Problem, error) {
	if len(data) > MaxProblemBytes {
		return nil, wrong("problem", "must be at most %d bytes", MaxProblemBytes)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var p Problem
	if err := d.Decode(&p); err != nil {
		return nil, decodeError(err)
	}
	if d.More() {
		return nil, wrong("problem", "has something after its end")
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &p, nil
}

// decodeError names the field where the JSON does.
func decodeError(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && mismatch.Field != "" {
		return wrong(mismatch.Field, "must not be a JSON %s", mismatch.Value)
	}
	return &ProblemError{Field: "problem", Reason: fmt.Sprintf("is not valid JSON: %v", err)}
}
