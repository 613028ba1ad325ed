package places

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// aliases are other names by which people look for a city. Names in the city's
// own file need no entry, nor do spellings that normalize takes as equal.
var aliases = map[string][]string{
	"bangkok":   {"Krung Thep", "กรุงเทพ", "กทม"},
	"barcelona": {"BCN"},
	"busan":     {"부산시", "부산광역시", "Pusan"},
	"gangneung": {"강릉시", "Kangnung"},
	"gyeongju":  {"경주시", "Kyongju"},
	"jeju":      {"제주도", "제주시", "제주특별자치도", "서귀포", "서귀포시", "Jeju Island", "Jejudo", "Cheju", "Seogwipo"},
	"jeonju":    {"전주시", "Chonju"},
	"kyoto":     {"교토시", "京都市", "京都府"},
	"london":    {"Greater London", "City of London"},
	"munich":    {"Muenchen"},
	"newyork":   {"뉴욕시", "New York City", "NYC", "Manhattan", "맨해튼"},
	"osaka":     {"오사카시", "大阪市", "大阪府"},
	"rome":      {"Roma Capitale"},
	"seoul":     {"서울시", "서울특별시"},
	"tokyo":     {"도쿄도", "동경", "東京都"},
}

// ByID returns the city with the id, and whether there is one.
func ByID(id string) (City, bool, error) {
	index, err := index()
	if err != nil {
		return City{}, false, err
	}
	city, ok := index.byID[id]
	return city, ok, nil
}

// ByName returns the city that name calls, in Korean, English or the local
// language, or by a common alias; case, accents, spaces and punctuation do not
// matter. It matches whole names only.
func ByName(name string) (City, bool, error) {
	index, err := index()
	if err != nil {
		return City{}, false, err
	}
	city, ok := index.byName[normalize(name)]
	return city, ok, nil
}

type cityIndex struct {
	byID, byName map[string]City
}

var index = sync.OnceValues(func() (cityIndex, error) {
	cities, err := Load()
	if err != nil {
		return cityIndex{}, err
	}
	index := cityIndex{byID: map[string]City{}, byName: map[string]City{}}
	for _, city := range cities {
		index.byID[city.ID] = city
		names := append([]string{city.ID, city.Name.KO, city.Name.EN, city.Name.Local}, aliases[city.ID]...)
		for _, name := range names {
			index.byName[normalize(name)] = city
		}
	}
	return index, nil
})

// normalize makes names equal that differ in case, width, Latin accents, spaces
// or punctuation only. Marks of other scripts stay: in Thai and Japanese they
// make another letter.
func normalize(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(cases.Fold().String(name)) {
		switch {
		case unicode.Is(latinMarks, r), unicode.IsSpace(r), unicode.IsPunct(r):
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// latinMarks are the combining diacritical marks that Latin letters decompose to.
var latinMarks = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x0300, Hi: 0x036f, Stride: 1}}}
