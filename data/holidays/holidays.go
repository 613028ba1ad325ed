// Package holidays ships the public holidays of countries that no kept Go library computes: those whose holidays follow
// a lunar calendar or yearly decrees. The tables end; what lies beyond is not known.
package holidays

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"time"
)

//go:embed *.json
var files embed.FS

// Table is a country's public holidays.
type Table struct {
	// First and Last are the years that are known, both included.
	First, Last int
	days        map[string]bool
}

// Has tells whether a civil date (of any zone, read as written) is a public holiday.
func (t Table) Has(date time.Time) bool { return t.days[date.Format(time.DateOnly)] }

// Load gives the tables by country (ISO 3166-1 alpha-2). An error means a broken build.
func Load() (map[string]Table, error) { return load() }

var load = sync.OnceValues(func() (map[string]Table, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list holiday tables: %w", err)
	}
	tables := make(map[string]Table, len(names))
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		country, table, err := decode(data)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", name, err)
		}
		tables[country] = table
	}
	return tables, nil
})

func decode(data []byte) (string, Table, error) {
	var file struct {
		Country string              `json:"country"`
		Source  string              `json:"source"`
		Years   map[string][]string `json:"years"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return "", Table{}, err
	}
	table := Table{days: make(map[string]bool)}
	for text, days := range file.Years {
		year, err := strconv.Atoi(text)
		if err != nil {
			return "", Table{}, err
		}
		if table.First == 0 || year < table.First {
			table.First = year
		}
		table.Last = max(table.Last, year)
		for _, day := range days {
			date, err := time.Parse(time.DateOnly, text+"-"+day)
			if err != nil {
				return "", Table{}, err
			}
			table.days[date.Format(time.DateOnly)] = true
		}
	}
	return file.Country, table, nil
}
