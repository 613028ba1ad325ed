package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/dispatch"
)

var start = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

func item(name string, c ai.Class, after time.Duration) *dispatch.Item {
	return &dispatch.Item{ID: name, Class: c, Lane: string(c), Asked: start.Add(after)}
}

// [A4] Small trips go first, and waiting raises priority.
func TestTakesSmallTripsFirstUntilLargeOnesHaveWaitedLongEnough(t *testing.T) {
	t.Parallel()
	q := dispatch.NewQueue(10)
	for _, i := range []*dispatch.Item{
		item("bulk", ai.Bulk, 0), item("standard", ai.Standard, ai.Standard.Credit()-5*time.Second),
		item("express early", ai.Express, ai.Express.Credit()-time.Second), item("express late", ai.Express, ai.Express.Credit()+time.Second),
		item("express last", ai.Express, ai.Express.Credit()+2*time.Second),
	} {
		if err := q.Offer(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"standard", "express early", "bulk", "express late", "express last"} {
		got, err := q.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != want {
			t.Fatalf("took %s, want %s", got.ID, want)
		}
	}
}

// [A4] The bound of the package's documentation, for any load.
func TestNobodyIsOvertakenByWhatWasAskedForLaterThanTheCreditAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := dispatch.NewQueue(1000)
		n := rapid.IntRange(2, 60).Draw(t, "n")
		for i := range n {
			class := rapid.SampledFrom(ai.Classes()).Draw(t, "class")
			after := time.Duration(rapid.IntRange(0, 300).Draw(t, "second")) * time.Second
			if err := q.Offer(context.Background(), item(fmt.Sprint(i), class, after)); err != nil {
				t.Fatal(err)
			}
		}
		var taken []*dispatch.Item
		for range n {
			i, err := q.Take(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, earlier := range taken {
				if most := ai.Express.Credit() - i.Class.Credit(); earlier.Asked.After(i.Asked.Add(most)) {
					t.Fatalf("%s of %v was overtaken by %s of %v", i.Class, i.Asked, earlier.Class, earlier.Asked)
				}
			}
			taken = append(taken, i)
		}
	})
}

func TestOfferWaitsWhileTheLaneIsFullAndLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	q := dispatch.NewQueue(1)
	if err := q.Offer(t.Context(), item("a", ai.Bulk, 0)); err != nil {
		t.Fatal(err)
	}
	full, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := q.Offer(full, item("b", ai.Bulk, 0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a full lane took another: %v", err)
	}
	if err := q.Offer(t.Context(), item("c", ai.Express, 0)); err != nil {
		t.Fatal(err)
	}
	offered := make(chan error, 1)
	go func() { offered <- q.Offer(t.Context(), item("d", ai.Express, 0)) }()
	if got, err := q.Take(t.Context()); err != nil || got.ID != "c" {
		t.Fatalf("took %v, %v", got, err)
	}
	if err := <-offered; err != nil {
		t.Fatal(err)
	}
}

func TestTakeWaitsForAnItemAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	q := dispatch.NewQueue(1)
	ctx, cancel := context.WithCancel(t.Context())
	taken := make(chan string, 1)
	go func() {
		i, err := q.Take(ctx)
		if err == nil {
			taken <- i.ID
		}
	}()
	if err := q.Offer(ctx, item("a", ai.Bulk, 0)); err != nil {
		t.Fatal(err)
	}
	if got := <-taken; got != "a" {
		t.Fatalf("took %s", got)
	}
	cancel()
	if _, err := q.Take(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("take gives %v", err)
	}
}

var first = dispatch.Partition{Topic: "t", Partition: 0}

// [A6] Offsets are committed only up to the lowest unfinished message.
func TestCommitsUpToTheLowestUnfinishedMessage(t *testing.T) {
	t.Parallel()
	l := dispatch.NewLedger()
	for offset := int64(10); offset < 14; offset++ {
		if !l.Begin(first, offset) {
			t.Fatalf("%d is under way already", offset)
		}
	}
	steps := []struct {
		finish int64
		commit int64 // 0: nothing new
	}{{11, 0}, {12, 0}, {10, 13}, {13, 14}}
	for _, s := range steps {
		l.Finish(first, s.finish)
		if got := l.Commits()[first]; got != s.commit {
			t.Errorf("after %d is finished: commit %d, want %d", s.finish, got, s.commit)
		}
	}
}

func TestAMessageDeliveredAgainWhileItIsUnderWayIsNotBegunTwice(t *testing.T) {
	t.Parallel()
	l := dispatch.NewLedger()
	l.Begin(first, 5)
	if l.Begin(first, 5) {
		t.Error("begun twice")
	}
	l.Finish(first, 5)
	if got := l.Commits()[first]; got != 6 {
		t.Errorf("commit %d, want 6", got)
	}
	if !l.Begin(first, 5) {
		t.Error("a message that came again after it was done is not begun")
	}
	l.Finish(first, 5)
	if got := l.Commits()[first]; got != 6 {
		t.Errorf("after a rewind: commit %d, want 6", got)
	}
}

// [A6] Whatever the order of ends and redeliveries, no commit passes an unfinished message.
func TestNoCommitPassesAnUnfinishedMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, open, next := dispatch.NewLedger(), map[int64]bool{}, int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0: // a rebalance gives the partition back to some earlier offset
				next = max(0, next-int64(rapid.IntRange(0, 5).Draw(t, "back")))
			case 1, 2, 3, 4:
				if l.Begin(first, next) == open[next] {
					t.Fatalf("begin of %d, which is under way: %v", next, open[next])
				}
				open[next] = true
				next++
			default:
				for offset := range open {
					l.Finish(first, offset)
					delete(open, offset)
					break
				}
			}
			if commit, ok := l.Commits()[first]; ok {
				for offset := range open {
					if offset < commit {
						t.Fatalf("commit %d passes %d", commit, offset)
					}
				}
			}
		}
	})
}
