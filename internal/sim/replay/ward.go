package replay

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/rentsafe"
	"onedoor/internal/territoryfile"
)

// Realm is the county under which the wards are placed.
const Realm domain.Code = "530702"

// street is generated: the feed's wards lie in no real street of the realm.
const street = Realm + "900"

// WardsMax is how many communities the numbering of one street holds.
const WardsMax = 999

// ErrTooManyWards means that a feed has more wards than a street has communities.
var ErrTooManyWards = errors.New("too many wards")

// Ward is a ward of the feed as a place: one community with one grid.
type Ward struct {
	// Text is the feed's, such as "07"; empty where the feed has none.
	Text string
	// Name is for people.
	Name string
	// Community and Grid are generated codes.
	Community, Grid domain.Code
}

// wardsOf lists the wards of the buildings, in the order of their texts.
func wardsOf(buildings []rentsafe.Building) ([]Ward, error) {
	names := map[string]string{}
	for _, b := range buildings {
		if names[b.Ward] == "" {
			names[b.Ward] = b.WardName
		}
	}
	if len(names) > WardsMax {
		return nil, fmt.Errorf("%w: %d, at most %d can be placed in one street", ErrTooManyWards, len(names), WardsMax)
	}
	wards := make([]Ward, 0, len(names))
	for text, name := range names {
		wards = append(wards, Ward{Text: text, Name: wardName(text, name)})
	}
	slices.SortFunc(wards, func(a, b Ward) int { return strings.Compare(a.Text, b.Text) })
	for i := range wards {
		wards[i].Community = street + domain.Code(fmt.Sprintf("%03d", i+1))
		wards[i].Grid = wards[i].Community + "001"
	}
	return wards, nil
}

// wardNameCharsMax keeps a name within what a territory and a user may have.
const wardNameCharsMax = 24

func wardName(text, name string) string {
	full := strings.Join(strings.FieldsFunc("选区 "+text+" "+name, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if runes := []rune(full); len(runes) > wardNameCharsMax {
		// A name is for people only, so a shorter one loses nothing that is audited.
		full = string(runes[:wardNameCharsMax-1]) + "…"
	}
	return full
}

// territories writes the territory file that the realm is made of.
func territories(wards []Ward) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	row := func(code domain.Code, level domain.Level, name string) {
		// A bytes.Buffer takes every write.
		_ = w.Write([]string{string(code), string(code.Parent()), level.String(), name})
	}
	_ = w.Write(territoryfile.Header)
	row(Realm.At(domain.Province), domain.Province, "云南省")
	row(Realm.At(domain.Prefecture), domain.Prefecture, "丽江市")
	row(Realm, domain.County, "古城区")
	row(street, domain.Street, "重放街道")
	for _, ward := range wards {
		row(ward.Community, domain.Community, ward.Name)
		row(ward.Grid, domain.Grid, ward.Name+" 网格")
	}
	w.Flush()
	return b.Bytes()
}

// Seat is a phone of a team with the person who carries it.
type Seat struct {
	Role recordv1.Role
	// Name is a test character's.
	Name string
	// Area is what the person is granted.
	Area domain.Code
	// ClockAhead is how far the phone's clock runs ahead of true time.
	ClockAhead time.Duration
}

// The phones of every team: 1 officer, 1 grid worker and N = 1 helper.
const (
	workerPhone PhoneIndex = iota
	officerPhone
	helperPhone
	teamPhones
)

// clocksWrong are the wrong clocks of the scene; they go round among the wards.
var clocksWrong = []time.Duration{0, 7 * time.Minute, 0, -26 * time.Hour, 0, 90 * time.Minute}

// teamOf seats the team of the i-th ward.
func teamOf(i int, ward Ward) []Seat {
	team := make([]Seat, teamPhones)
	number := fmt.Sprintf(" %d", i+1)
	team[workerPhone] = Seat{Role: recordv1.Role_ROLE_GRID_WORKER, Name: "测试网格员" + number, Area: ward.Grid}
	team[officerPhone] = Seat{Role: recordv1.Role_ROLE_POLICE_OFFICER, Name: "测试民警" + number, Area: ward.Community}
	team[helperPhone] = Seat{Role: recordv1.Role_ROLE_HELPER, Name: "测试协助员" + number, Area: ward.Grid}
	team[i%len(team)].ClockAhead = clocksWrong[i%len(clocksWrong)]
	return team
}
