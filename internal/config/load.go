package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	// Prefix of all variables.
	Prefix = "TRIPGEN_"
	// testPrefix is for the variables of tests.
	testPrefix = Prefix + "TEST_"
)

// Load puts together a configuration: the defaults, then the YAML file at path (none where it is empty), then the
// environment ("NAME=value", as of os.Environ). It tells all that is wrong at once. It does not validate. A variable that
// starts with TRIPGEN_ and is neither a setting nor among others (those of command line flags) is refused.
func Load(path string, environ []string, others ...string) (Config, error) {
	c := Default()
	if path != "" {
		if err := readFile(&c, path); err != nil {
			return Config{}, err
		}
	}
	if err := readEnvironment(&c, environ, others); err != nil {
		return Config{}, err
	}
	return c, nil
}

func readFile(c *Config, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) { // an empty file sets nothing
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	return nil
}

// YAML prints a configuration as a file that Load reads, with the secrets taken out.
func (c Config) YAML() ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(c), encoder.Close()); err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	return out.Bytes(), nil
}

// environment are variables, of which those that were used are taken out.
type environment struct {
	values map[string]string
	errs   []error
}

func readEnvironment(c *Config, environ, others []string) error {
	e := environment{values: make(map[string]string, len(environ))}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		e.values[name] = value
	}
	e.walk(reflect.ValueOf(c).Elem(), Prefix)
	for name := range e.values {
		if strings.HasPrefix(name, Prefix) && !strings.HasPrefix(name, testPrefix) && !slices.Contains(others, name) {
			e.errs = append(e.errs, fmt.Errorf("environment: there is no setting %s", name))
		}
	}
	slices.SortFunc(e.errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(e.errs...)
}

// walk sets the fields of a struct whose variables' names start with prefix.
func (e *environment) walk(v reflect.Value, prefix string) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := prefix + strings.ToUpper(field.Tag.Get("yaml"))
		if field.Type.Kind() == reflect.Struct {
			e.walk(v.Field(i), name+"_")
			continue
		}
		if alias := field.Tag.Get("env"); alias != "" {
			e.set(v.Field(i), alias)
		}
		e.set(v.Field(i), name)
	}
}

func (e *environment) set(v reflect.Value, name string) {
	value, ok := e.take(name)
	if file, fromFile := e.take(name + "_FILE"); fromFile && v.Type() == reflect.TypeFor[Secret]() {
		if ok {
			e.errs = append(e.errs, fmt.Errorf("environment: %s is set, and %s_FILE too", name, name))
			return
		}
		content, err := os.ReadFile(file)
		if err != nil {
			e.errs = append(e.errs, fmt.Errorf("environment: %s_FILE: %w", name, err))
			return
		}
		value, ok = strings.TrimRight(string(content), "\r\n"), true
	} else if fromFile {
		e.errs = append(e.errs, fmt.Errorf("environment: %s_FILE: only secrets are read from files", name))
	}
	if !ok {
		return
	}
	if err := parse(v, value); err != nil {
		// A secret's value must not be in the error; parsing one cannot fail.
		e.errs = append(e.errs, fmt.Errorf("environment: %s: %w", name, err))
	}
}

func (e *environment) take(name string) (string, bool) {
	value, ok := e.values[name]
	delete(e.values, name)
	return value, ok
}

func parse(v reflect.Value, value string) error {
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return text.UnmarshalText([]byte(value))
	}
	switch target := v.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(value)
		*target = d
		return err
	case *[]string:
		*target = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(value)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(value)
		v.SetBool(b)
	case reflect.Int:
		var n int64
		n, err = strconv.ParseInt(value, 10, 0)
		v.SetInt(n)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(value, 64)
		v.SetFloat(f)
	default:
		err = fmt.Errorf("cannot be set by a variable: it is a %s", v.Type())
	}
	return err
}
