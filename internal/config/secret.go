package config

import (
	"errors"
	"log/slog"

	"go.yaml.in/yaml/v3"
)

// Secret is a value that is never printed, logged or marshalled. Get it with [Secret.Reveal].
type Secret string

const redacted = "[redacted]"

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String tells only whether there is a secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString is String, so that %#v tells no more.
func (s Secret) GoString() string { return s.String() }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalYAML is String, for YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalText is String, for JSON and others.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalYAML refuses a file that was printed with its secrets taken out.
func (s *Secret) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == redacted {
		return errors.New("the secret was taken out when this file was printed: put it in")
	}
	*s = Secret(node.Value)
	return nil
}
