package docket_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"onedoor/server/casework/docket"
	"onedoor/syncengine"
)

func id(n int) (out syncengine.ID) {
	out[6], out[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(out[12:], uint32(n))
	return out
}

// page gives the places of one page.
func page(d *docket.Docket, look docket.Look, n int) (out []docket.Place, touched int) {
	touched = d.Walk(look, func(p docket.Place, _ docket.Facet) bool {
		out = append(out, p)
		return len(out) < n
	})
	return out, touched
}

func TestWalk_GivesWhatFitsOnceAndInOrderFromAnyPlaceOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := docket.New()
		type row struct {
			at      docket.Place
			facet   docket.Facet
			shelves []docket.Shelf
		}
		rows := map[syncengine.ID]row{}
		for range rapid.IntRange(0, 60).Draw(t, "moves") {
			r := row{
				at:      docket.Place{Turn: docket.Turn(rapid.IntRange(0, 5).Draw(t, "turn")), ID: id(rapid.IntRange(1, 20).Draw(t, "id"))},
				facet:   docket.Facet{State: uint32(rapid.IntRange(1, 3).Draw(t, "state"))},
				shelves: rapid.SliceOfNDistinct(rapid.SampledFrom([]docket.Shelf{"a", "b", "c"}), 0, 3, rapid.ID[docket.Shelf]).Draw(t, "shelves"),
			}
			if len(r.shelves) == 0 {
				d.Remove(r.at.ID)
				delete(rows, r.at.ID)
				continue
			}
			d.File(r.at, r.facet, r.shelves)
			rows[r.at.ID] = r
		}
		look := docket.Look{
			Shelves: []docket.Shelf{"a", "b"}, Takes: func(_ docket.Shelf, f docket.Facet) bool { return f.State != 2 },
			After: docket.Place{Turn: docket.Turn(rapid.IntRange(0, 5).Draw(t, "after")), ID: id(rapid.IntRange(0, 20).Draw(t, "after id"))},
		}
		var want []docket.Place
		for _, r := range rows {
			if r.facet.State != 2 && r.at.Compare(look.After) > 0 && (slices.Contains(r.shelves, "a") || slices.Contains(r.shelves, "b")) {
				want = append(want, r.at)
			}
		}
		slices.SortFunc(want, docket.Place.Compare)
		if got, _ := page(d, look, 1000); !slices.Equal(got, want) {
			t.Fatalf("after %v:\n got %v\nwant %v", look.After, got, want)
		}
		if d.Len() != len(rows) {
			t.Fatalf("%d cases, want %d", d.Len(), len(rows))
		}
	})
}

func TestPlace_IsReadFromATokenAsItWasWritten(t *testing.T) {
	for _, turn := range []docket.Turn{0, docket.Due(1_800_000_000_000), docket.Open, docket.Done} {
		p := docket.Place{Turn: turn, ID: id(7)}
		if got, ok := docket.PlaceOf(p.Bytes()); !ok || got != p {
			t.Errorf("%v became %v, %v", p, got, ok)
		}
	}
	if _, ok := docket.PlaceOf([]byte("short")); ok {
		t.Error("anything is a token")
	}
}

// fill lays n cases of a city's streets on its shelves: the city, and one of a hundred streets.
func fill(n int) *docket.Docket {
	d := docket.New()
	for i := range n {
		street := docket.Shelf("street " + string(rune('a'+i%100)))
		at := docket.Place{Turn: docket.Due(int64(i*7919%n) * 60_000), ID: id(i + 1)}
		d.File(at, docket.Facet{Kind: 4, State: uint32(1 + i%9), Group: uint32(i % 5), Flagged: i%50 == 0}, []docket.Shelf{"city", street})
	}
	return d
}

// millionRows is the list that a page is cut from.
const millionRows = 1_000_000

func TestWalk_APageOfAMillionCostsWhatAPageOfAThousandCosts(t *testing.T) {
	const perPage = 50
	looks := map[string]docket.Look{
		"all of the city": {Shelves: []docket.Shelf{"city"}},
		"one state":       {Shelves: []docket.Shelf{"city"}, Takes: func(_ docket.Shelf, f docket.Facet) bool { return f.State == 3 }},
		"what is flagged": {Shelves: []docket.Shelf{"city"}, Takes: func(_ docket.Shelf, f docket.Facet) bool { return f.Flagged }},
		"two streets":     {Shelves: []docket.Shelf{"street b", "street c"}},
	}
	few, many := fill(10_000), fill(millionRows)
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			first, small := page(few, look, perPage)
			_, large := page(many, look, perPage)
			// Both are a page and one place a row that fits; the number of rows is that of facets.
			if large > small+perPage || len(first) != perPage {
				t.Errorf("a page of %d touches %d places in the small list and %d in the large one", len(first), small, large)
			}
			deep := look
			deep.After = docket.Place{Turn: docket.Due(millionRows / 2 * 60_000)}
			if rest, touched := page(many, deep, perPage); touched > small+perPage || len(rest) != perPage || rest[0].Compare(deep.After) <= 0 {
				t.Errorf("a page from the middle touches %d places", touched)
			}
		})
	}
}

func BenchmarkPageOfAMillion(b *testing.B) {
	d := fill(millionRows)
	look := docket.Look{Shelves: []docket.Shelf{"city"}, After: docket.Place{Turn: docket.Due(millionRows / 2 * 60_000)}}
	b.ResetTimer()
	for b.Loop() {
		if out, _ := page(d, look, 50); len(out) != 50 {
			b.Fatal(len(out))
		}
	}
}
