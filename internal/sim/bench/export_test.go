package bench

// MeasureRaw is the raw limit over rows that were uploaded and rows that were pulled.
func MeasureRaw(dir string, visits, pulled []Row) (Raw, error) {
	return measureRaw(dir, &stored{visits: visits, pulled: pulled})
}
