package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Cache keeps what was rendered. It may forget anything at any time.
type Cache interface {
	// Get gives a file and whether there is one.
	Get(ctx context.Context, key string) (File, bool)
	Put(ctx context.Context, key string, f File)
}

const (
	maxWaiting = 64
	putTimeout = 2 * time.Second
	busyRetry  = 2 * time.Second
)

// Renderer renders one file at a time, away from the requests, and each file once for all who ask for it meanwhile.
type Renderer struct {
	folder string
	cache  Cache
	log    *slog.Logger
	jobs   chan *Job

	mu      sync.Mutex
	running map[string]*Job
}

// NewRenderer makes a renderer with the fonts of a folder, which are loaded when they are first needed.
func NewRenderer(fontFolder string, cache Cache, log *slog.Logger) *Renderer {
	return &Renderer{folder: fontFolder, cache: cache, log: log, jobs: make(chan *Job, maxWaiting), running: map[string]*Job{}}
}

// Job is a file that is being rendered.
type Job struct {
	key  string
	make func(*Fonts) (File, error)
	done chan struct{}
	file File
	err  error
}

// Wait gives the file, or ctx's error if that ends before it is there.
func (j *Job) Wait(ctx context.Context) (File, error) {
	select {
	case <-j.done:
		return j.file, j.err
	default:
	}
	select {
	case <-j.done:
		return j.file, j.err
	case <-ctx.Done():
		return File{}, ctx.Err()
	}
}

// Render gives the job that makes a file: one that is done if the cache has it, one under way, or a new one. The key
// names everything that the file depends on.
func (r *Renderer) Render(ctx context.Context, key string, make func(*Fonts) (File, error)) (*Job, error) {
	if f, ok := r.cache.Get(ctx, key); ok {
		return finished(f), nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if j := r.running[key]; j != nil {
		return j, nil
	}
	j := &Job{key: key, make: make, done: newSignal()}
	select {
	case r.jobs <- j:
		r.running[key] = j
		return j, nil
	default:
		return nil, errs.Unavailable(errors.New("too many files wait to be rendered")).Retry(busyRetry)
	}
}

func newSignal() chan struct{} { return make(chan struct{}) }

func finished(f File) *Job {
	j := &Job{file: f, done: newSignal()}
	close(j.done)
	return j
}

// Run renders until ctx ends.
func (r *Renderer) Run(ctx context.Context) error {
	var fonts *Fonts
	for {
		select {
		case <-ctx.Done():
			return nil
		case j := <-r.jobs:
			if fonts == nil {
				if fonts, j.err = LoadFonts(r.folder); j.err != nil {
					r.log.ErrorContext(ctx, "load the fonts of exports", "error", j.err)
					j.err = errs.Unavailable(j.err)
				}
			}
			r.finish(ctx, j, fonts)
		}
	}
}

// draw makes the file. The library panics where it cannot write a font or a path: one file must not end the process.
func (j *Job) draw(fonts *Fonts) (f File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("render %s: %v\n%s", j.key, p, debug.Stack())
		}
	}()
	return j.make(fonts)
}

func (r *Renderer) finish(ctx context.Context, j *Job, fonts *Fonts) {
	if j.err == nil {
		j.file, j.err = j.draw(fonts)
		if fonts.err != nil { // something is missing in what was drawn
			r.log.ErrorContext(ctx, "load the fonts of exports", "error", fonts.err)
			j.err, fonts.err = errs.Unavailable(fonts.err), nil
		}
	}
	if j.err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putTimeout)
		r.cache.Put(ctx, j.key, j.file)
		cancel()
	}
	r.mu.Lock()
	delete(r.running, j.key)
	r.mu.Unlock()
	close(j.done)
}
