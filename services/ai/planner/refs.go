package planner

import "strings"

// refIndex finds places by id, by name or by category.
type refIndex struct {
	id, name map[string]int
	category map[string][]int
}

func newRefIndex(places []Place) refIndex {
	x := refIndex{map[string]int{}, map[string]int{}, map[string][]int{}}
	for i := len(places) - 1; i >= 0; i-- {
		p := &places[i]
		x.id[p.ID] = i
		if p.Name != "" {
			x.name[normalName(p.Name)] = i
		}
	}
	for i := range places {
		x.category[places[i].Category] = append(x.category[places[i].Category], i)
	}
	return x
}

func (x *refIndex) find(r PlaceRef) []int {
	if r.ID != "" {
		if i, ok := x.id[r.ID]; ok {
			return []int{i}
		}
		return nil
	}
	if r.Name != "" {
		if i, ok := x.name[normalName(r.Name)]; ok {
			return []int{i}
		}
		return nil
	}
	return x.category[r.Category]
}

// normalName folds case and drops blanks, so that "남산 타워" finds "남산타워".
func normalName(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), ""))
}
