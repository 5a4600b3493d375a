package demo

import (
	"math/rand/v2"
	"strconv"
)

// roadsPerCommunity is how many roads a community has addresses on.
const roadsPerCommunity = 4

// placeNames hands out names and house numbers, none of them twice.
type placeNames struct {
	rng       *rand.Rand
	compounds []string
	hotels    []string
	villages  []string
	markets   []string
	areas     []string
	roads     map[TerritoryCode][]string
	// lastNumber is the last house number given on a road.
	lastNumber map[string]int
}

// newPlaceNames shuffles the word lists and deals the roads to the communities.
func newPlaceNames(rng *rand.Rand, communities []Community) *placeNames {
	n := &placeNames{
		rng:        rng,
		compounds:  shuffled(rng, composed(compoundWords[:], compoundSuffixes[:])),
		hotels:     shuffled(rng, composed(hotelWords[:], hotelSuffixes[:])),
		villages:   shuffled(rng, villageNames[:]),
		markets:    shuffled(rng, composed(marketWords[:], []string{"农贸市场"})),
		areas:      shuffled(rng, composed(businessWords[:], []string{"商业街"})),
		roads:      map[TerritoryCode][]string{},
		lastNumber: map[string]int{},
	}
	roads := shuffled(rng, roadNames[:])
	for i, c := range communities {
		n.roads[c.Code] = roads[i*roadsPerCommunity : (i+1)*roadsPerCommunity]
	}
	return n
}

// compound returns the next compound name.
func (n *placeNames) compound() string { return take(&n.compounds) }

// hotel returns the next hotel name.
func (n *placeNames) hotel() string { return take(&n.hotels) }

// special returns the next name for a special grid, and "" for any other setting.
func (n *placeNames) special(setting Setting) string {
	switch setting {
	case SettingVillage:
		return take(&n.villages)
	case SettingMarket:
		return take(&n.markets)
	case SettingBusiness:
		return take(&n.areas)
	default:
		return ""
	}
}

// roadNumber returns the next free house number on one of the community's roads, such as 福慧路128号.
func (n *placeNames) roadNumber(community TerritoryCode) string {
	road := oneOf(n.rng, n.roads[community])
	n.lastNumber[road] += 1 + n.rng.IntN(5)
	return road + strconv.Itoa(n.lastNumber[road]) + "号"
}

// take removes and returns the first name of a deck. Figures.check keeps decks from running out.
func take(deck *[]string) string {
	name := (*deck)[0]
	*deck = (*deck)[1:]
	return name
}

// composed joins every word with every suffix.
func composed(words, suffixes []string) []string {
	names := make([]string, 0, len(words)*len(suffixes))
	for _, w := range words {
		for _, s := range suffixes {
			names = append(names, w+s)
		}
	}
	return names
}

// shuffled returns a shuffled copy.
func shuffled(rng *rand.Rand, names []string) []string {
	deck := append([]string(nil), names...)
	rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}
