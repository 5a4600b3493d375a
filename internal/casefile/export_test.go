package casefile

// Clean gives a text as it is set.
func Clean(text string) (string, error) {
	f, err := readForms()
	if err != nil {
		return "", err
	}
	return (&setter{forms: f}).clean(text), nil
}
