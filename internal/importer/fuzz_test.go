package importer_test

import (
	"encoding/csv"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"onedoor/domain"
	"onedoor/internal/csvfile"
	"onedoor/internal/importer"
)

// FuzzReadPremises holds that a file is refused with a reason and gives nothing,
// or gives doors of which every value keeps its limits, and which read the same
// when they are written out again.
func FuzzReadPremises(f *testing.F) {
	for _, seed := range []string{
		"address,territory\n福慧路1号,530702001001\n", "External Ref,ADDRESS,territory,rooms,headcount,grade,lease_filed\n7,a,53,0,12,green,是\n",
		"address,territory,contact_name,contact_phone\na,53,覃芊,139 1234 5678\n", "address,territory,rooms\na,53,１２\n",
		"address,territory,compound,building,stair,floor,door\na,53,小区,1,2,夹层,402\na,53,小区,1,2,夹层,403\n", "address,territory\n,\n", "address;territory\na;53\n", "\xef\xbb\xbfaddress,territory\r\na,53\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doors, err := importer.ReadPremises(strings.NewReader(string(data)), importer.Options{File: "f.csv"})
		if err != nil {
			wantReason(t, err, len(doors))
			return
		}
		for i, door := range doors {
			checkDoor(t, door)
			if i > 0 && door.Line <= doors[i-1].Line {
				t.Fatalf("line %d comes after line %d", door.Line, doors[i-1].Line)
			}
		}
		again, err := importer.ReadPremises(strings.NewReader(writtenDoors(t, doors)), importer.Options{File: "f.csv"})
		if err != nil || len(again) != len(doors) {
			t.Fatalf("written out again the file gives %d doors, %v", len(again), err)
		}
		for i := range again {
			if got, want := doorValues(again[i]), doorValues(doors[i]); strings.Join(got, "|") != strings.Join(want, "|") {
				t.Fatalf("written out again a door reads %q, it was %q", got, want)
			}
		}
	})
}

// wantReason checks that a refused file gives nothing and says why as it should.
func wantReason(t *testing.T, err error, rows int) {
	t.Helper()
	_, problems := errors.AsType[csvfile.Problems](err)
	_, file := errors.AsType[*csvfile.FileError](err)
	if rows != 0 || !problems && !file && !errors.Is(err, importer.ErrNoRows) {
		t.Fatalf("%d rows with %v", rows, err)
	}
}

func checkDoor(t *testing.T, p importer.Premises) {
	t.Helper()
	for _, text := range []struct {
		value string
		most  int
	}{
		{p.Address, importer.AddressRunesMax}, {p.ExternalRef, importer.ExternalRefRunesMax}, {p.Place.Compound, importer.CompoundRunesMax},
		{p.Place.Building, importer.BuildingRunesMax}, {p.Place.Door, importer.BuildingRunesMax}, {p.Place.Stair, importer.FloorRunesMax},
		{p.Place.Floor, importer.FloorRunesMax}, {p.ContactName, importer.PersonNameRunesMax}, {p.ContactPhone, importer.PhoneRunesMax},
		{p.KindOfPremises, importer.ShortNameRunesMax}, {p.Use, importer.ShortNameRunesMax}, {p.RentalKind, importer.ShortNameRunesMax},
	} {
		if utf8.RuneCountInString(text.value) > text.most || strings.ContainsFunc(text.value, unicode.IsControl) || strings.TrimSpace(text.value) != text.value {
			t.Fatalf("%q is read, %d characters are allowed", text.value, text.most)
		}
	}
	if _, err := domain.ParseCode(string(p.Territory)); err != nil || p.Address == "" || p.Line < 2 {
		t.Fatalf("door %+v is read, %v", p, err)
	}
	if p.Rooms != nil && (*p.Rooms < 0 || *p.Rooms > domain.RoomsMax) || p.Headcount != nil && (*p.Headcount < 0 || *p.Headcount > domain.HeadcountMax) {
		t.Fatalf("door %+v is read with counts out of bounds", p)
	}
}

// doorColumns name the values of doorValues.
var doorColumns = []string{"external_ref", "address", "territory", "kind_of_premises", "use", "rental_kind", "compound", "building", "stair", "floor",
	"door", "contact_name", "contact_phone", "grade", "rooms", "headcount", "lease_filed"}

// doorValues gives a door's values as a file would hold them.
func doorValues(p importer.Premises) []string {
	out := []string{p.ExternalRef, p.Address, string(p.Territory), p.KindOfPremises, p.Use, p.RentalKind, p.Place.Compound, p.Place.Building,
		p.Place.Stair, p.Place.Floor, p.Place.Door, p.ContactName, p.ContactPhone, p.Grade}
	for _, n := range []*int{p.Rooms, p.Headcount} {
		text := ""
		if n != nil {
			text = strconv.Itoa(*n)
		}
		out = append(out, text)
	}
	if p.LeaseFiled == nil {
		return append(out, "")
	}
	return append(out, strconv.FormatBool(*p.LeaseFiled))
}

func writtenDoors(t *testing.T, doors []importer.Premises) string {
	t.Helper()
	rows := [][]string{doorColumns}
	for _, p := range doors {
		rows = append(rows, doorValues(p))
	}
	return writtenRows(t, rows)
}

func writtenRows(t *testing.T, rows [][]string) string {
	t.Helper()
	var out strings.Builder
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// FuzzReadUsers holds the same of a file of users.
func FuzzReadUsers(f *testing.F) {
	for _, seed := range []string{"name,role,territory\n甲,helper,530702001001001\n", "Name,ROLE,Territory\na,Grid Worker,53\nb,police-officer,53\n",
		"name,role,territory,phone\na,helper,53,1\n", "name,role,territory\na,nobody,53\n", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		users, err := importer.ReadUsers(strings.NewReader(string(data)), importer.Options{File: "f.csv"})
		if err != nil {
			wantReason(t, err, len(users))
			return
		}
		rows := [][]string{{"name", "role", "territory"}}
		for _, u := range users {
			if _, err := domain.ParseCode(string(u.Territory)); err != nil || u.Name == "" || utf8.RuneCountInString(u.Name) > importer.PersonNameRunesMax {
				t.Fatalf("user %+v is read, %v", u, err)
			}
			rows = append(rows, []string{u.Name, u.Role.String(), string(u.Territory)})
		}
		again, err := importer.ReadUsers(strings.NewReader(writtenRows(t, rows)), importer.Options{File: "f.csv"})
		if err != nil || len(again) != len(users) {
			t.Fatalf("written out again the file gives %d users, %v", len(again), err)
		}
		for i := range again {
			if again[i].Line, users[i].Line = 0, 0; again[i] != users[i] {
				t.Fatalf("written out again a user reads %+v, it was %+v", again[i], users[i])
			}
		}
	})
}
