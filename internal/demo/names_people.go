package demo

import "fmt"

// Every person of the demo is a test character: the name begins with 测试, which is no family name, and goes on with a
// pair of the sixty-year cycle or with a role and a number.

// stems and branches make the sixty pairs of the cycle.
var (
	stems    = [...]string{"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"}
	branches = [...]string{"子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申", "酉", "戌", "亥"}
)

// testPerson returns the name of the n-th resident; names repeat after sixty, as real ones do.
func testPerson(n int) string {
	return "测试" + stems[n%len(stems)] + branches[n%len(branches)]
}

// testStaff returns the name of the n-th colleague of a role, counted from 1.
func testStaff(role string, n int) string {
	return fmt.Sprintf("测试%s%02d", role, n)
}

// testPhonePrefix begins every telephone number of the demo. The numbers have the eleven digits of a mobile number but
// belong to nobody and can belong to nobody: a subscriber's number in mainland China begins with 1 (mobile) or, with
// the trunk prefix 0, with an area code that never begins with 0; dialled as it stands, 00 is the international prefix,
// and ITU-T E.164 assigns no country code that begins with 0. A real-looking prefix that is merely unused today could
// be given to a person tomorrow.
const testPhonePrefix = "000"

// testPhone returns the n-th number.
func testPhone(n int) string {
	digits := [11]byte{}
	for i := len(digits) - 1; i >= len(testPhonePrefix); i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	copy(digits[:], testPhonePrefix)
	return string(digits[:])
}

// testContact returns the contact of the n-th door.
func testContact(n int) Contact {
	return Contact{Name: testPerson(n * 7), Phone: testPhone(n + 1)}
}
