package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"onedoor/domain"
	"onedoor/internal/csvfile"
)

// cells reads the values of one row by canonical column name. A value that does
// not fit becomes a problem of the sheet and reads as absent, so that one pass
// finds everything that is wrong. Reasons quote no value of a person's columns,
// since they end in logs.
type cells struct {
	sheet *sheet
	row   csvfile.Row
}

// raw gives the value after the map, trimmed.
func (c *cells) raw(column string) string {
	return c.sheet.o.Map.value(column, c.row.Get(c.sheet.o.Map.column(column)))
}

// problem notes what is wrong with a column, under the name the file gives it.
func (c *cells) problem(column, format string, values ...any) {
	c.sheet.problems = append(c.sheet.problems, c.row.Problem(c.sheet.o.Map.column(column), fmt.Sprintf(format, values...)))
}

// text reads free text of at most so many characters, in which no number of a
// person, card or telephone may hide.
func (c *cells) text(column string, runesMax int) string {
	return c.textWithout(column, runesMax, domain.IdentityNumber, domain.BankCard, domain.PhoneNumber)
}

// textWithout reads text in which some kinds of personal numbers may not be.
func (c *cells) textWithout(column string, runesMax int, banned ...domain.IdentifierKind) string {
	text := tidy(c.raw(column))
	if runes := utf8.RuneCountInString(text); runes > runesMax {
		c.problem(column, "%d characters, the limit is %d", runes, runesMax)
		return ""
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		c.problem(column, "it holds a control character: delete it")
		return ""
	}
	for _, finding := range domain.FindIdentifiers(text) {
		if slices.Contains(banned, finding.Kind) {
			c.problem(column, "it holds %s, which does not belong here: delete it", finding.Kind.LabelEN())
			return ""
		}
	}
	return text
}

// needed is text that must not be blank.
func (c *cells) needed(column string, runesMax int) string {
	if c.raw(column) == "" {
		c.problem(column, "it is empty")
		return ""
	}
	return c.text(column, runesMax)
}

// shortName reads the short name of an enum value, in upper case.
func (c *cells) shortName(column string) string {
	found := c.raw(column)
	if found == "" {
		return ""
	}
	name := strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(found))
	if allowed := c.sheet.o.ShortNames[column]; allowed != nil && !slices.Contains(allowed, name) {
		c.problem(column, "%.40q is none of %s", found, strings.Join(allowed, ", "))
		return ""
	}
	if !isShortName(name) {
		c.problem(column, "%.40q is not a short name: at most %d letters, digits and underscores, such as HOTEL; translate it in a map", found, ShortNameRunesMax)
		return ""
	}
	return name
}

// isShortName checks the form of an upper-case short name.
func isShortName(name string) bool {
	return len(name) <= ShortNameRunesMax && strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0
}

// count reads a number of things, nil where the value is blank.
func (c *cells) count(column string, countMax int) *int {
	found := NormalisePlace(c.raw(column))
	if found == "" {
		return nil
	}
	n, err := strconv.Atoi(found)
	if err != nil || n < 0 || n > countMax {
		c.problem(column, "%.40q is not a whole number from 0 to %d", found, countMax)
		return nil
	}
	return &n
}

// yesNo lists how files say yes and no.
var yesNo = map[string]bool{
	"yes": true, "y": true, "true": true, "1": true, "是": true,
	"no": false, "n": false, "false": false, "0": false, "否": false,
}

// flag reads yes or no, nil where the value is blank.
func (c *cells) flag(column string) *bool {
	found := NormalisePlace(c.raw(column))
	if found == "" {
		return nil
	}
	flag, ok := yesNo[found]
	if !ok {
		c.problem(column, "%.40q is neither yes nor no", found)
		return nil
	}
	return &flag
}

// territory reads the code of a territory of the realm.
func (c *cells) territory(column string) domain.Code {
	found := c.raw(column)
	if found == "" {
		c.problem(column, "it is empty")
		return ""
	}
	code, err := domain.ParseCode(found)
	if err != nil {
		c.problem(column, "%.40q is %v", found, domain.ErrBadCode)
		return ""
	}
	if known := c.sheet.o.KnownTerritory; known != nil && !known(code) {
		c.problem(column, "%s is no territory of this realm: import its row first", code)
		return ""
	}
	return code
}

// phone reads a telephone number of a contact.
func (c *cells) phone(column string) string {
	number := width.Fold.String(c.textWithout(column, PhoneRunesMax, domain.IdentityNumber, domain.BankCard))
	if strings.Trim(number, "0123456789+-() 转,") != "" {
		c.problem(column, "it is not a telephone number: digits, blanks and + - ( ) are read")
		return ""
	}
	return number
}

// externalRef reads the source's own key. A register may well number its doors
// with as many digits as a card or a telephone has, but no key may be a person's.
func (c *cells) externalRef(column string) string {
	return c.textWithout(column, ExternalRefRunesMax, domain.IdentityNumber)
}

// role reads a role's name in any case.
func (c *cells) role(column string) domain.Role {
	role, err := domain.ParseRole(strings.ReplaceAll(c.raw(column), " ", "_"))
	if err != nil {
		c.problem(column, "%v", err)
		return 0
	}
	return role
}
