package domain_test

import (
	"errors"
	"testing"

	"onedoor/domain"
)

func TestCode_StatesItsLevelParentAndRealm(t *testing.T) {
	for _, c := range []struct {
		code, parent, realm domain.Code
		level               domain.Level
	}{
		{"53", "", "", domain.Province},
		{"5307", "53", "", domain.Prefecture},
		{"530702", "5307", "530702", domain.County},
		{"530702001", "530702", "530702", domain.Street},
		{"530702001001", "530702001", "530702", domain.Community},
		{"530702001001012", "530702001001", "530702", domain.Grid},
		{"53070200100101203", "530702001001012", "530702", domain.Microgrid},
	} {
		level, err := c.code.Level()
		if err != nil || level != c.level {
			t.Errorf("%s: level %v, %v; want %v", c.code, level, err, c.level)
		}
		if got := c.code.Parent(); got != c.parent {
			t.Errorf("%s: parent %q, want %q", c.code, got, c.parent)
		}
		if got := c.code.Realm(); got != c.realm {
			t.Errorf("%s: realm %q, want %q", c.code, got, c.realm)
		}
		if err := domain.CheckPlace(c.code, c.parent, c.level); err != nil {
			t.Errorf("%s: %v", c.code, err)
		}
		if parsed, ok := domain.ParseLevel(" " + c.level.String() + " "); !ok || parsed != c.level {
			t.Errorf("%s: its name reads back as %v, %v", c.level, parsed, ok)
		}
	}
}

func TestParseCode_RefusesWhatIsNoCode(t *testing.T) {
	for _, text := range []string{"", "5", "530", "53070", "5307020010", "53070a", "５３", "-53", "530702001001012031"} {
		if _, err := domain.ParseCode(text); !errors.Is(err, domain.ErrBadCode) {
			t.Errorf("%q: %v, want ErrBadCode", text, err)
		}
		if got := domain.Code(text).Parent() + domain.Code(text).Realm(); got != "" {
			t.Errorf("%q has a parent or a realm: %q", text, got)
		}
	}
	if code, err := domain.ParseCode(" 530702\n"); err != nil || code != "530702" {
		t.Errorf("white space around a code: %q, %v", code, err)
	}
}

func TestCode_ContainsOnlyWhatLiesInIt(t *testing.T) {
	for _, c := range []struct {
		outer, inner domain.Code
		want         bool
	}{
		{"530702", "530702", true},
		{"53", "53070200100101203", true},
		{"530702001001", "530702001001012", true},
		{"530702001001", "530702001002012", false},
		{"530702001", "530702", false},
		{"5", "530702", false},
		{"", "530702", false},
		{"530702", "5307020011", false},
	} {
		if got := c.outer.Contains(c.inner); got != c.want {
			t.Errorf("%q contains %q: %v, want %v", c.outer, c.inner, got, c.want)
		}
	}
}

func TestCheckPlace_RefusesAGridThatHangsOnAStreet(t *testing.T) {
	for _, c := range []struct {
		name         string
		code, parent domain.Code
		level        domain.Level
	}{
		{"grid under a street", "530702001001012", "530702001", domain.Grid},
		{"length of another level", "530702001", "530702", domain.Community},
		{"parent elsewhere", "530702001001", "530702002", domain.Community},
		{"province with a parent", "53", "5", domain.Province},
	} {
		if err := domain.CheckPlace(c.code, c.parent, c.level); !errors.Is(err, domain.ErrBadPlace) {
			t.Errorf("%s: %v, want ErrBadPlace", c.name, err)
		}
	}
	if err := domain.CheckPlace("53x", "", domain.Province); !errors.Is(err, domain.ErrBadCode) {
		t.Errorf("no code: %v, want ErrBadCode", err)
	}
}
