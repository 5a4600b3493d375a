package domain

import "strings"

// identityDigits is the length of an identity number (GB 11643-1999).
const identityDigits = 18

// isIdentityNumber reports whether the number is one of an identity card: 18 digits, a date of birth, a check digit.
func (s span) isIdentityNumber() bool {
	d := s.digits
	return len(d) == identityDigits && d[0] != '0' && isBirthDate(d[6:14]) && identityCheckDigit(d[:17]) == d[17]
}

// identityCheckDigit gives the check digit of 17 digits by ISO 7064, MOD 11-2, as GB 11643-1999 uses it.
func identityCheckDigit(digits string) byte {
	remainder := 0
	for i := range len(digits) {
		remainder = (remainder + int(digits[i]-'0')) * 2 % 11
	}
	check := (12 - remainder) % 11
	if check == 10 {
		return 'X'
	}
	return byte(check) + '0'
}

// isBirthDate reports whether eight digits are a date since 1900.
func isBirthDate(digits string) bool {
	year, month, day := decimal(digits[:4]), decimal(digits[4:6]), decimal(digits[6:])
	if year < 1900 || year > 2099 || month < 1 || month > 12 {
		return false
	}
	return day >= 1 && day <= daysOfMonth(year, month)
}

func daysOfMonth(year, month int) int {
	switch {
	case month == 2 && (year%4 != 0 || year%100 == 0 && year%400 != 0):
		return 28
	case month == 2:
		return 29
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

func decimal(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// isBankCard reports whether the number is one of a bank card: an issuer's first digits with a length it uses, groups as
// on a card, and Luhn's check digit.
func (s span) isBankCard() bool {
	return s.numeric() && cardLength(s.digits) && s.groupedAsCard() && luhn(s.digits)
}

// cardLength reports whether issuers in use give numbers that begin and are as long as this one.
func cardLength(digits string) bool {
	length := len(digits)
	if length < 15 || length > 19 {
		return false
	}
	switch first := decimal(digits[:2]); {
	case first == 62:
		return length >= 16
	case first == 34 || first == 37:
		return length == 15
	case first == 35, first >= 51 && first <= 55:
		return length == 16
	case first/10 == 4, first/10 == 6, first/10 == 9:
		return length == 16 || length == 19
	}
	return false
}

// groupedAsCard reports whether the groups are those of a card: one, single digits, fours with a rest, or six first.
func (s span) groupedAsCard() bool {
	last := len(s.sizes) - 1
	if last == 0 || s.singly() || last == 1 && s.sizes[0] == 6 {
		return true
	}
	for _, size := range s.sizes[:last] {
		if size != 4 {
			return false
		}
	}
	return s.sizes[last] <= 4
}

// luhn reports whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			n = n*2%10 + n*2/10
		}
		sum += n
	}
	return sum%10 == 0
}

// isPhoneNumber reports whether the number is a telephone number of the mainland.
func (s span) isPhoneNumber() bool {
	return s.numeric() && (s.isMobile() || s.isFixedLine() || s.isCalledPhone())
}

// mobileDigits is the length of a mobile number.
const mobileDigits = 11

// isMobile reports whether the number is a mobile one, the country's or the long-distance prefix before it or not.
func (s span) isMobile() bool {
	for _, prefix := range []string{"0086", "86", "0"} {
		if strings.HasPrefix(s.digits, prefix) && len(s.digits) == mobileDigits+len(prefix) && s.sizes[0] > len(prefix) {
			s.digits = s.digits[len(prefix):]
			s.sizes = append([]int{s.sizes[0] - len(prefix)}, s.sizes[1:]...)
			break
		}
	}
	if len(s.digits) != mobileDigits || s.digits[0] != '1' || s.digits[1] < '3' {
		return false
	}
	return s.grouped(11) || s.grouped(3, 4, 4) || s.grouped(3, 8) || s.grouped(7, 4) || s.singly()
}

// isFixedLine reports whether the number is a fixed line with its area code.
func (s span) isFixedLine() bool {
	area := areaCodeDigits(s.digits)
	if area == 0 {
		return false
	}
	line := s.digits[area:]
	if len(line) == 0 || line[0] < '2' || line[0] > '8' || len(line) != 8 && (len(line) != 7 || area == 3) {
		return false
	}
	return s.grouped(len(s.digits)) || s.grouped(area, len(line)) || s.grouped(area, len(line)-4, 4)
}

// areaCodeDigits gives the length of the area code that the digits begin with, 0 for none: 010 and 02x, or 03xx to 09xx.
func areaCodeDigits(digits string) int {
	switch {
	case len(digits) < 4 || digits[0] != '0':
		return 0
	case digits[1] == '2', digits[1:3] == "10":
		return 3
	case digits[1] >= '3':
		return 4
	}
	return 0
}

// phoneWords stand in front of a number that is a telephone number even without its area code.
var phoneWords = []string{"电话", "座机", "联系方式", "电话号码"}

// isCalledPhone reports whether a local number of seven or eight digits follows a word for telephone.
func (s span) isCalledPhone() bool {
	if length := len(s.digits); length != 7 && length != 8 || s.digits[0] < '2' || s.digits[0] > '8' {
		return false
	}
	if !s.grouped(len(s.digits)) && !s.grouped(len(s.digits)-4, 4) {
		return false
	}
	before := strings.TrimRight(s.before, " \t　:：是为")
	for _, word := range phoneWords {
		if strings.HasSuffix(before, word) {
			return true
		}
	}
	return false
}
