// Package osm reads places out of OpenStreetMap extracts (.osm.pbf): what is tagged as a sight, a place to eat, a park, a
// laundry, a car park and so on. Opening hours are taken over as far as they are understood; what is not stays unknown.
// The data is © OpenStreetMap contributors, ODbL 1.0, and every place says so.
package osm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"

	"github.com/tripgen/tripgen/services/location"
)

const (
	// Provider is the source's name and the prefix of its ids.
	Provider = "osm"
	// Attribution is due with every place.
	Attribution = "© OpenStreetMap contributors"

	decoders = 2
)

// ErrNotExtract refuses a file that is no extract, or is cut short.
var ErrNotExtract = errors.New("not a whole .osm.pbf extract")

// Read gives the places of an extract. CityAt gives the id of the city at a point, or nothing; loaded is when the file was
// read, told as the places' time where the file does not say its own. On an error there are no places at all.
func Read(ctx context.Context, file io.ReadSeeker, cityAt func(location.Point) string, loaded time.Time) ([]location.Place, error) {
	r := &reader{ctx: ctx, file: file, cityAt: cityAt, wanted: make(map[osm.WayID]bool), nodes: make(map[osm.NodeID]location.Point), ways: make(map[osm.WayID]osm.NodeID)}
	r.source = location.Source{Provider: Provider, FetchedAt: loaded, Attribution: Attribution}
	// A relation's place is where its ways are, a way's where its nodes are: the file is read once for each.
	for _, pass := range []func() error{r.relations, r.wayNodes, r.allNodes} {
		if err := pass(); err != nil {
			return nil, err
		}
	}
	return r.places(), nil
}

// area is a way or relation that is a place, with the nodes that tell where it is.
type area struct {
	id    string
	place location.Place
	nodes []osm.NodeID
	ways  []osm.WayID
}

type reader struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one call
	file   io.ReadSeeker
	cityAt func(location.Point) string
	source location.Source

	areas  []area
	wanted map[osm.WayID]bool
	ways   map[osm.WayID]osm.NodeID
	nodes  map[osm.NodeID]location.Point
	points []location.Place
}

// scan reads the file from its beginning.
func (r *reader) scan(skip func(*osmpbf.Scanner), each func(osm.Object)) error {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	scanner := osmpbf.New(r.ctx, r.file, decoders)
	defer scanner.Close() //nolint:errcheck // it only ends its goroutines
	header, err := scanner.Header()
	if err != nil {
		return errors.Join(ErrNotExtract, r.ctx.Err(), err)
	}
	if at := header.ReplicationTimestamp; !at.IsZero() {
		r.source.FetchedAt = at.UTC()
	}
	skip(scanner)
	for scanner.Scan() {
		each(scanner.Object())
	}
	if err := scanner.Err(); err != nil {
		return errors.Join(ErrNotExtract, r.ctx.Err(), err)
	}
	return nil
}

func (r *reader) relations() error {
	skip := func(s *osmpbf.Scanner) { s.SkipNodes, s.SkipWays = true, true }
	return r.scan(skip, func(o osm.Object) {
		relation, ok := o.(*osm.Relation)
		if !ok {
			return
		}
		tags := relation.Tags.Map()
		if kind := tags["type"]; kind != "multipolygon" && kind != "site" {
			return
		}
		place, ok := placeOf(tags)
		if !ok {
			return
		}
		a := area{id: fmt.Sprintf("%s:relation-%d", Provider, relation.ID), place: place}
		for _, member := range relation.Members {
			if member.Type == osm.TypeWay && (member.Role == "outer" || member.Role == "") {
				a.ways = append(a.ways, osm.WayID(member.Ref))
				r.wanted[osm.WayID(member.Ref)] = true
			}
		}
		r.areas = append(r.areas, a)
	})
}

func (r *reader) wayNodes() error {
	skip := func(s *osmpbf.Scanner) { s.SkipNodes, s.SkipRelations = true, true }
	return r.scan(skip, func(o osm.Object) {
		way, ok := o.(*osm.Way)
		if !ok || len(way.Nodes) == 0 {
			return
		}
		if r.wanted[way.ID] { // one node of each way of a relation is near enough
			middle := way.Nodes[len(way.Nodes)/2].ID
			r.ways[way.ID] = middle
			r.nodes[middle] = location.Point{}
		}
		if !tagged(way.Tags) {
			return
		}
		if place, ok := placeOf(way.Tags.Map()); ok {
			a := area{id: fmt.Sprintf("%s:way-%d", Provider, way.ID), place: place}
			for _, node := range way.Nodes {
				a.nodes = append(a.nodes, node.ID)
				r.nodes[node.ID] = location.Point{}
			}
			r.areas = append(r.areas, a)
		}
	})
}

func (r *reader) allNodes() error {
	skip := func(s *osmpbf.Scanner) { s.SkipWays, s.SkipRelations = true, true }
	return r.scan(skip, func(o osm.Object) {
		node, ok := o.(*osm.Node)
		if !ok {
			return
		}
		at := location.Point{Lat: node.Lat, Lng: node.Lon}
		if _, needed := r.nodes[node.ID]; needed {
			r.nodes[node.ID] = at
		}
		if !tagged(node.Tags) {
			return
		}
		if place, ok := placeOf(node.Tags.Map()); ok {
			place.ID, place.Point = fmt.Sprintf("%s:node-%d", Provider, node.ID), at
			r.points = append(r.points, place)
		}
	})
}

func tagged(tags osm.Tags) bool {
	for _, tag := range tags {
		if keys[tag.Key] {
			return true
		}
	}
	return false
}

// places puts the areas where their nodes are, in the middle of the box around them, and gives all places that are on
// Earth. An area without a known node lies outside the extract and is left out.
func (r *reader) places() []location.Place {
	all := r.points
	for _, a := range r.areas {
		for _, way := range a.ways {
			if node, ok := r.ways[way]; ok {
				a.nodes = append(a.nodes, node)
			}
		}
		if at, ok := r.middle(a.nodes); ok {
			a.place.ID, a.place.Point = a.id, at
			all = append(all, a.place)
		}
	}
	whole := all[:0]
	for _, p := range all {
		if p.Valid() {
			p.CityID, p.Source = r.cityAt(p.Point), r.source
			whole = append(whole, p)
		}
	}
	return whole
}

func (r *reader) middle(nodes []osm.NodeID) (location.Point, bool) {
	south, west, north, east := 91.0, 181.0, -91.0, -181.0
	for _, id := range nodes {
		if at, ok := r.nodes[id]; ok && at != (location.Point{}) {
			south, north = min(south, at.Lat), max(north, at.Lat)
			west, east = min(west, at.Lng), max(east, at.Lng)
		}
	}
	return location.Point{Lat: (south + north) / 2, Lng: (west + east) / 2}, south <= north
}
