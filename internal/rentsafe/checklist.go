package rentsafe

// HazardCode is the code that onedoor files a hazard under.
type HazardCode string

// The hazard codes that items of this checklist can show. The inspections look
// at common areas, so that they never find what concerns the letting itself:
// crowding, forbidden rooms, gas inside units, electric bicycles.
const (
	// Structure is 房屋结构, damage to the building itself.
	Structure HazardCode = "STRUCT"
	// Electrical is 电气线路, wiring and its plan.
	Electrical HazardCode = "ELEC"
	// Exit is 生命通道, everything one walks on the way out, and its light.
	Exit HazardCode = "EXIT"
	// Security is 治安防范设施, equipment that keeps strangers out.
	Security HazardCode = "SECUR"
	// Other is what no code names: cleanliness, amenities, papers.
	Other HazardCode = "OTHER"
)

// ChecklistItem is an item of the inspectors' list.
type ChecklistItem struct {
	// Name is the column of the evaluations file.
	Name string
	// Code is the hazard that a worst score shows.
	Code HazardCode
}

// checklist is the publisher's list in its order. Codes are this project's
// reading of it:
//
//   - what may fall or carries a load is structure, handrails and balcony guards
//     among it;
//   - floors, landings, walkways and lights on the way out are exit, and all of
//     the stairwell, since in a fire it is the way out;
//   - fences, doors and intercoms are security;
//   - the electrical plan goes with the wiring it describes; other plans and
//     logs are papers of the landlord and not 未备案, which is an unfiled lease.
var checklist = []ChecklistItem{
	{"NUMBERING OF PROPERTY", Other},
	{"EXTERIOR GROUNDS", Other},
	{"FENCING", Security},
	{"RETAINING WALLS", Structure},
	{"CATCH BASINS / STORM DRAINAGE", Other},
	{"BUILDING EXTERIOR", Structure},
	{"BALCONY GUARDS", Structure},
	{"WINDOWS", Structure},
	{"EXT. RECEPTACLE STORAGE AREA", Other},
	{"EXTERIOR WALKWAYS", Exit},
	{"CLOTHING DROP BOXES", Other},
	{"ACCESSORY BUILDINGS", Structure},
	{"INTERCOM", Security},
	{"EMERGENCY CONTACT SIGN", Other},
	{"LOBBY - WALLS AND CEILING", Structure},
	{"LOBBY FLOORS", Exit},
	{"LAUNDRY ROOM", Other},
	{"INT. RECEPTACLE STORAGE AREA", Other},
	{"MAIL RECEPTACLES", Other},
	{"EXTERIOR DOORS", Security},
	{"STORAGE AREAS/LOCKERS MAINT.", Other},
	{"POOLS", Other},
	{"OTHER AMENITIES", Other},
	{"PARKING AREAS", Other},
	{"ABANDONED EQUIP./DERELICT VEH.", Other},
	{"GARBAGE/COMPACTOR ROOM", Other},
	{"ELEVATOR MAINTENANCE", Other},
	{"ELEVATOR COSMETICS", Other},
	{"INT. HALLWAY - WALLS / CEILING", Structure},
	{"INTERIOR HALLWAY FLOORS", Exit},
	{"INT. LOBBY / HALLWAY LIGHTING", Exit},
	{"COMMON AREA VENTILATION", Other},
	{"ELECTRICAL SERVICES / OUTLETS", Electrical},
	{"CHUTE ROOMS - MAINTENANCE", Other},
	{"STAIRWELL - WALLS AND CEILING", Exit},
	{"STAIRWELL - LANDING AND STEPS", Exit},
	{"STAIRWELL LIGHTING", Exit},
	{"INT. HANDRAIL / GUARD - SAFETY", Structure},
	{"INT. HANDRAIL / GUARD - MAINT.", Structure},
	{"GRAFFITI", Other},
	{"BUILDING CLEANLINESS", Other},
	{"COMMON AREA PESTS", Other},
	{"TENANT NOTIFICATION BOARD", Other},
	{"PEST CONTROL LOG", Other},
	{"MAINTENANCE LOG", Other},
	{"CLEANING LOG", Other},
	{"VITAL SERVICE PLAN", Other},
	{"ELECTRICAL SAFETY PLAN", Electrical},
	{"STATE OF GOOD REPAIR PLAN", Other},
	{"TENANT SERVICE REQUEST LOG", Other},
}

// Checklist returns the items of the inspectors' list in its order. The caller
// may change what it gets.
func Checklist() []ChecklistItem { return append([]ChecklistItem(nil), checklist...) }

// CodeOf gives the hazard code of an item by its name as [Checklist] spells it,
// and Other for a name it does not have.
func CodeOf(name string) HazardCode {
	for _, item := range checklist {
		if item.Name == name {
			return item.Code
		}
	}
	return Other
}
