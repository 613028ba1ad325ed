package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// peerCell is a cell as peers.py reads it.
type peerCell struct {
	Name    string    `json:"name"`
	Routes  int       `json:"routes"`
	Seconds float64   `json:"seconds"`
	Travel  [][]int32 `json:"travel"`
	Service []int32   `json:"service"`
	Profit  []int32   `json:"profit"`
	Open    []int32   `json:"open"`
	Close   []int32   `json:"close"`
}

type peerAnswer struct {
	Seconds float64   `json:"seconds"`
	Wall    float64   `json:"wall"`
	Answer  [][]int32 `json:"answer"`
}

// runPeer solves each cell for the wall time in one Python process and returns
// the mean share of the best-known profit, answers checked by us, and the longest
// wall time it took.
func runPeer(python, script, solver string, cells []cell, limit time.Duration) (share, wall float64, err error) {
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for k := range cells {
		if err := enc.Encode(cells[k].forPeer(limit)); err != nil {
			return 0, 0, fmt.Errorf("encode cell: %w", err)
		}
	}
	cmd := exec.Command(python, script, solver)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "PYTHONHASHSEED=0")
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("run %s: %w", filepath.Base(script), err)
	}
	dec := json.NewDecoder(bytes.NewReader(out))
	for k := range cells {
		var a peerAnswer
		if err := dec.Decode(&a); err == io.EOF {
			return 0, 0, fmt.Errorf("%s answered %d of %d cells", solver, k, len(cells))
		} else if err != nil {
			return 0, 0, fmt.Errorf("decode answer of %s: %w", solver, err)
		}
		profit, err := cells[k].check(a.Answer)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", solver, err)
		}
		share += float64(profit) / float64(cells[k].best) / float64(len(cells))
		wall = max(wall, a.Wall)
	}
	return share, wall, nil
}

func (c *cell) forPeer(limit time.Duration) peerCell {
	i, n := c.inst, c.inst.size()
	p := peerCell{Name: i.name, Routes: c.routes, Seconds: limit.Seconds(), Service: i.service, Profit: i.profit, Open: i.open, Close: i.close}
	for a := range n {
		p.Travel = append(p.Travel, i.travel[a*n:(a+1)*n])
	}
	return p
}
