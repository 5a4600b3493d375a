package importer

import (
	"io"

	"onedoor/domain"
)

// User is one user of a file, checked value by value.
type User struct {
	// Line is the physical line of the file.
	Line int
	// Name is what colleagues see; never empty.
	Name string
	// Role is what the user does.
	Role domain.Role
	// Territory is the code of the area the role is granted for.
	Territory domain.Code
}

// usersFile is the canonical users file.
var usersFile = kind{
	columns: []string{"name", "role", "territory"},
	needed:  []string{"name", "role", "territory"},
	refused: map[string]string{
		"phone": "telephone numbers of users are not collected: delete the column",
	},
}

// ReadUsers reads a whole users file, all or nothing, with the errors of
// [ReadPremises]. Two users of one name are two people and are not refused; the
// same name, role and territory twice is one line too many.
func ReadUsers(r io.Reader, o Options) ([]User, error) {
	s, err := openSheet(r, usersFile, o)
	if err != nil {
		return nil, err
	}
	users := make([]User, 0, len(s.table.Rows))
	lines := map[User]int{}
	for _, row := range s.table.Rows {
		c := s.cells(row)
		user := User{Name: c.needed("name", PersonNameRunesMax), Role: c.role("role"), Territory: c.territory("territory")}
		if line, ok := lines[user]; ok && user.Name != "" {
			c.problem("name", "the user of line %d again: delete one", line)
		}
		lines[user] = row.Line
		user.Line = row.Line
		users = append(users, user)
	}
	if err := s.problems.Err(); err != nil {
		return nil, err
	}
	return users, nil
}
