package territoryfile

import (
	"errors"
	"fmt"

	"onedoor/domain"
)

// ErrRealmAbsent means a file does not have the county that a realm is to be
// made of.
var ErrRealmAbsent = errors.New("the realm's county is not in the file")

// Within keeps the territories of one realm, which are its county with all that
// lies inside, and the province and prefecture above it. The rest is counted.
func Within(areas []Area, realm domain.Code) (kept []Area, skipped int) {
	for _, area := range areas {
		if realm.Contains(area.Code) || area.Code.Contains(realm) {
			kept = append(kept, area)
		} else {
			skipped++
		}
	}
	return kept, skipped
}

// Cut is [Within] for the file that founds a realm: the realm must be a county
// and the file must have it.
func Cut(areas []Area, realm domain.Code) (kept []Area, skipped int, err error) {
	if level, err := realm.Level(); err != nil || level != domain.County {
		return nil, 0, fmt.Errorf("realm %q: a county code of %d digits is needed, such as 530702", realm, domain.County.Digits())
	}
	for _, area := range areas {
		if area.Code == realm {
			kept, skipped = Within(areas, realm)
			return kept, skipped, nil
		}
	}
	return nil, 0, fmt.Errorf("realm %s: %w", realm, ErrRealmAbsent)
}
