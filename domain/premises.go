package domain

// Greatest values of a door. They catch slips of the finger, so they lie well above what stands on a street.
const (
	// RoomsMax: the largest building of the scene and of the imported registers has under 1,000 rooms.
	RoomsMax = 5_000
	// HeadcountMax: four people a room in the largest building.
	HeadcountMax = 20_000
)

// Bounds of a point in degrees times 10^7.
const (
	latitudeE7Max  = 900_000_000
	longitudeE7Max = 1_800_000_000
)

var premisesRules = []precondition{
	needsText("premises.needs_address", "address", "请填写房屋地址。", "give the address of the door"),
	needsAny("premises.needs_territory", "territory", "请选择房屋所在的网格或社区。",
		"choose the territory that the door lies in", "territory"),
	within("premises", "rooms", "房间数", 0, RoomsMax),
	within("premises", "headcount", "居住人数", 0, HeadcountMax),
	within("premises", "point.latitude_e7", "纬度", -latitudeE7Max, latitudeE7Max),
	within("premises", "point.longitude_e7", "经度", -longitudeE7Max, longitudeE7Max),
	{
		name: "premises.merged_into_what", field: "merged_into", reads: []string{"status", "merged_into"},
		broken: func(f Fields) (string, string, bool) {
			return "并户时请选择保留的那一户。", "choose the door that stands for this one when it is merged",
				f.Numbers["status"] == StatusMergedInto && f.Sizes["merged_into"] == 0
		},
	},
}
