package domain_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"onedoor/domain"
)

// notesFile holds the committed field notes, which no person's number is in.
const notesFile = "../testdata/notes/visit-notes.zh.txt"

// identity makes a number of the form of an identity number from a place and a date of no person.
func identity(seventeen string) string {
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, weight := range weights {
		sum += int(seventeen[i]-'0') * weight
	}
	return seventeen + string("10X98765432"[sum%11])
}

// card appends Luhn's check digit.
func card(digits string) string {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return fmt.Sprint(digits, (10-sum%10)%10)
}

// full gives the digits and signs of a number their full-width forms.
func full(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r == 'X', r == '-', r == '(', r == ')':
			return r - '!' + '！'
		case r == ' ':
			return '　'
		}
		return r
	}, text)
}

func TestIdentity_TheTestMakesTheStandardsExample(t *testing.T) {
	// GB 11643-1999 and ISO 7064 texts carry this example.
	if got := identity("11010519491231002"); got != "11010519491231002X" {
		t.Fatal(got)
	}
	if got := card("411111111111111"); got != "4111111111111111" {
		t.Fatal(got)
	}
}

func TestFindIdentifiers_FindsNumbersAsPeopleTypeThem(t *testing.T) {
	id, idX := identity("53070219900101123"), "11010519491231002X"
	debit, credit, amex := card("621700123456789012"), card("622588131234567"), card("37144963539843")
	for _, c := range []struct {
		text, found string
		kind        domain.IdentifierKind
	}{
		{"身份证" + id + "已核", id, domain.IdentityNumber},
		{"身份证" + idX, idX, domain.IdentityNumber},
		{strings.ToLower(idX), strings.ToLower(idX), domain.IdentityNumber},
		{idX + "。", idX, domain.IdentityNumber},
		{full(id), full(id), domain.IdentityNumber},
		{full(idX), full(idX), domain.IdentityNumber},
		{id[:6] + " " + id[6:14] + " " + id[14:], id[:6] + " " + id[6:14] + " " + id[14:], domain.IdentityNumber},
		{"证号:" + id[:6] + "-" + id[6:14] + "-" + id[14:] + "。", id[:6] + "-" + id[6:14] + "-" + id[14:], domain.IdentityNumber},
		{strings.Join(strings.Split(id, ""), " "), strings.Join(strings.Split(id, ""), " "), domain.IdentityNumber},
		{id[:9] + "\u200b" + id[9:], id[:9] + "\u200b" + id[9:], domain.IdentityNumber},

		{"卡号" + debit, debit, domain.BankCard},
		{debit[:4] + " " + debit[4:8] + " " + debit[8:12] + " " + debit[12:16] + " " + debit[16:],
			debit[:4] + " " + debit[4:8] + " " + debit[8:12] + " " + debit[12:16] + " " + debit[16:], domain.BankCard},
		{credit, credit, domain.BankCard},
		{full(credit), full(credit), domain.BankCard},
		{"4111 1111 1111 1111", "4111 1111 1111 1111", domain.BankCard},
		{amex, amex, domain.BankCard},

		{"租客电话13912345678，房东不在", "13912345678", domain.PhoneNumber},
		{"139 1234 5678", "139 1234 5678", domain.PhoneNumber},
		{"139-1234-5678", "139-1234-5678", domain.PhoneNumber},
		{"１３９１２３４５６７８", "１３９１２３４５６７８", domain.PhoneNumber},
		{"１３９－１２３４－５６７８", "１３９－１２３４－５６７８", domain.PhoneNumber},
		{"1391234 5678", "1391234 5678", domain.PhoneNumber},
		{"+86 13912345678", "13912345678", domain.PhoneNumber},
		{"8613912345678", "8613912345678", domain.PhoneNumber},
		{"013912345678", "013912345678", domain.PhoneNumber},
		{"1 3 9 1 2 3 4 5 6 7 8", "1 3 9 1 2 3 4 5 6 7 8", domain.PhoneNumber},
		{"3栋 13912345678", "13912345678", domain.PhoneNumber},
		{"3 13912345678", "13912345678", domain.PhoneNumber},
		{"0888-5123456", "0888-5123456", domain.PhoneNumber},
		{"(0888)5123456", "0888)5123456", domain.PhoneNumber},
		{"（0888）512 3456", "0888）512 3456", domain.PhoneNumber},
		{"010-62345678", "010-62345678", domain.PhoneNumber},
		{"02162345678", "02162345678", domain.PhoneNumber},
		{"房东座机：5123456", "5123456", domain.PhoneNumber},
		{"联系方式是 512-3456", "512-3456", domain.PhoneNumber},
	} {
		found := domain.FindIdentifiers(c.text)
		if len(found) != 1 {
			t.Errorf("%q: %d found, want 1: %v", c.text, len(found), found)
			continue
		}
		if got := c.text[found[0].Start:found[0].End]; got != c.found || found[0].Kind != c.kind {
			t.Errorf("%q: %s %q, want %s %q", c.text, found[0].Kind, got, c.kind, c.found)
		}
	}
}

func TestFindIdentifiers_NearMissesAreNoAlarm(t *testing.T) {
	id := identity("53070219900101123")
	wrongCheck := id[:17] + string('0'+(id[17]-'0'+1)%10)
	debit, idX := card("621700123456789012"), "11010519491231002X"
	for _, text := range []string{
		"",
		wrongCheck,
		identity("53070219901301123"), // month 13
		identity("53070219900230123"), // 30 February
		identity("53070218990101123"), // born before 1900
		"1" + id, id + "1",            // part of a longer number
		id[:17],                       // one digit short
		debit[:18] + "0", debit + "1", // no check digit; too long
		card("61010200100100120"),    // a length that no card of these digits has
		debit[:4] + " " + debit[4:],  // groups that no card has
		"12912345678",                // no mobile prefix
		"1391234567", "139123456789", // ten and twelve digits
		"139，1234，5678",                        // a list
		"13912\n345678",                        // two lines
		"530702001001012", "53070200100101203", // territory codes
		"110 119 120", "12345", "95598", "400-123-4567", // public numbers
		"2026-03-10 09:30", "2026.03.10-2026.04.10",
		"301、302、303、304、305", "101 102 103 201 202 203", "3栋2单元1502",
		"押金1800元，租金1200，水电310.5", "电表读数 00123456", "合同编号2026031012",
		"房号 5123456", "0100-5123456", "0888-1123456",
		"Ⅹ", "x", idX[:17] + "X8", idX + "a",
		"\xff\xfe139\xff12345678",
	} {
		if found := domain.FindIdentifiers(text); len(found) != 0 {
			t.Errorf("%q: false alarm %v", text, found)
		}
	}
}

func TestFindIdentifiers_FindsEachOnceInOrder(t *testing.T) {
	id := identity("53070219900101123")
	text := "甲13912345678 " + id + "，乙０８８８－５１２３４５６ " + card("622588131234567")
	var kinds []string
	end := 0
	for _, found := range domain.FindIdentifiers(text) {
		if found.Start < end {
			t.Errorf("%v overlaps what stands before it", found)
		}
		end = found.End
		kinds = append(kinds, found.Kind.String())
	}
	if got := strings.Join(kinds, " "); got != "phone_number identity_number phone_number bank_card" {
		t.Error(got)
	}
}

func TestFindIdentifiers_NoFalseAlarmInTheFieldNotes(t *testing.T) {
	file, err := os.Open(notesFile)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines := 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); lines++ {
		for _, found := range domain.FindIdentifiers(scanner.Text()) {
			t.Errorf("line %d: %s in %q", lines+1, found.Kind, scanner.Text())
		}
	}
	if lines < 100 {
		t.Errorf("only %d notes read", lines)
	}
}

func FuzzFindIdentifiers(f *testing.F) {
	f.Add("租客电话１３９ 1234-5678，证号11010519491231002X")
	f.Add("\xff１\u200b2()　")
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, found := range domain.FindIdentifiers(text) {
			if found.Start < end || found.End <= found.Start || found.End > len(text) {
				t.Fatalf("%q: bad bounds %v", text, found)
			}
			end = found.End
			if inside := text[found.Start:found.End]; !utf8.ValidString(inside) {
				t.Fatalf("%q: %q is cut inside a character", text, inside)
			}
		}
	})
}
