package places

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed *.json
var files embed.FS

// Load returns all built-in cities, sorted by id. The files are read once; what
// is returned is shared by all callers and must not be changed. An error means
// a broken build: a file with an unknown key, of another city, or cut short.
func Load() ([]City, error) {
	return load()
}

var load = sync.OnceValues(func() ([]City, error) { return loadFrom(files) })

func loadFrom(fsys fs.FS) ([]City, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list city files: %w", err)
	}
	cities := make([]City, 0, len(names))
	for _, name := range names { // Glob sorts them
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		city, err := decode(data)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", name, err)
		}
		if want := strings.TrimSuffix(name, path.Ext(name)); city.ID != want {
			return nil, fmt.Errorf("%s is of city %q, want %q", name, city.ID, want)
		}
		cities = append(cities, city)
	}
	return cities, nil
}

func decode(data []byte) (City, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var city City
	if err := dec.Decode(&city); err != nil {
		return City{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return City{}, errors.New("data after the city")
	}
	return city, nil
}
