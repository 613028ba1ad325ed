package planning

import (
	"slices"
	"strings"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Cuisines are told in the data by OpenStreetMap's values ("raw_fish"): their English names are those values with
// spaces, their Korean names stand here. One that has none is told in English.
var cuisineKorean = map[string]string{
	"abalone": "전복", "abalone_porridge": "전복죽", "american": "미국 음식", "bagel": "베이글", "bakery": "빵",
	"barley_bibimbap": "보리비빔밥", "basque": "바스크 음식", "bavarian": "바이에른 음식", "bibimbap": "비빔밥",
	"black_pork_barbecue": "흑돼지구이", "boiled_pork": "수육", "braised_fish": "생선조림", "brewpub": "수제 맥주",
	"british": "영국 음식", "buckwheat_noodles": "메밀국수", "buffet": "뷔페", "bulgogi": "불고기", "burger": "햄버거",
	"catalan": "카탈루냐 음식", "chinese": "중국 음식", "congee": "죽", "crab": "게", "creative": "창작 요리", "crepe": "크레페",
	"croquette": "크로켓", "curry": "카레", "dakhanmari": "닭한마리", "deli": "델리", "dim_sum": "딤섬", "diner": "다이너",
	"dumplings": "만두", "dwaeji_gukbap": "돼지국밥", "european": "유럽 음식", "fine_dining": "파인 다이닝", "fish_and_chips": "피시 앤드 칩스",
	"fish_cake": "어묵", "food_hall": "푸드홀", "franconian": "프랑켄 음식", "french": "프랑스 음식", "freshwater_fish_stew": "민물매운탕",
	"fried_chicken": "치킨", "german": "독일 음식", "gimbap": "김밥", "gogi_guksu": "고기국수", "gomtang": "곰탕", "grilled_eel": "장어구이",
	"grilled_shellfish": "조개구이", "grilled_tripe": "곱창구이", "gukbap": "국밥", "gyukatsu": "규카츠", "haejangguk": "해장국",
	"hanwoo_mulhoe": "한우물회", "hot_dog": "핫도그", "indian": "인도 음식", "international": "세계 음식", "isan": "이산 음식",
	"italian": "이탈리아 음식", "izakaya": "이자카야", "japanese": "일본 음식", "jjamppong": "짬뽕", "jjamppong_sundubu": "짬뽕순두부",
	"jjolmyeon": "쫄면", "jokbal": "족발", "kaiseki": "가이세키", "kalguksu": "칼국수", "kongguksu": "콩국수",
	"kongnamul_gukbap": "콩나물국밥", "korean": "한국 음식", "korean_barbecue": "고기구이", "korean_buffet": "한식 뷔페",
	"korean_court_cuisine": "궁중 음식", "korean_fine_dining": "한식 파인 다이닝", "korean_royal_cuisine": "궁중 음식",
	"korean_set_meal": "한정식", "kushikatsu": "쿠시카츠", "loach": "추어탕", "makgeolli_table": "막걸리 한상", "mandu": "만두",
	"mediterranean": "지중해 음식", "mexican": "멕시코 음식", "middle_eastern": "중동 음식", "milmyeon": "밀면", "monjayaki": "몬자야키",
	"mulhoe": "물회", "naengmyeon": "냉면", "noodle": "국수", "noodles": "국수", "octopus": "낙지", "octopus_ramyeon": "문어라면",
	"okonomiyaki": "오코노미야키", "omurice": "오므라이스", "paella": "파에야", "pajeon": "파전", "pizza": "피자",
	"potato_dumpling_soup": "감자옹심이", "provencal": "프로방스 음식", "pub": "펍", "puffer_fish_soup": "복국", "ramen": "라멘",
	"raw_fish": "생선회", "raw_fish_noodles": "회국수", "roast_duck": "오리구이", "roman_jewish": "로마 유대 음식", "samgyetang": "삼계탕",
	"sandwich": "샌드위치", "seafood": "해산물", "seolleongtang": "설렁탕", "soba": "소바", "soul_food": "솔 푸드",
	"soy-marinated_crab": "간장게장", "soy-marinated_seafood": "해물장", "soybean_soup": "된장국", "spanish": "스페인 음식",
	"ssambap": "쌈밥", "steak": "스테이크", "stir-fried_octopus": "낙지볶음", "stir-fried_pork": "제육볶음", "street_food": "길거리 음식",
	"sujebi": "수제비", "sukiyaki": "스키야키", "sundae": "순대", "sundubu": "순두부", "sushi": "초밥", "taiwanese": "대만 음식",
	"takoyaki": "타코야키", "tapas": "타파스", "temple_food": "사찰 음식", "tempura": "튀김", "thai": "태국 음식",
	"thai_muslim": "태국 무슬림 음식", "tofu": "두부", "tonkatsu": "돈가스", "tsukemen": "츠케멘", "tteokbokki": "떡볶이",
	"udon": "우동", "ukrainian": "우크라이나 음식", "unagi": "장어", "vegetarian": "채식", "wonton_noodles": "완탕면",
	"yakitori": "야키토리", "yoshoku": "경양식", "yukhoe": "육회",
}

// dishes are what many cuisines have in common and travellers want none of.
var dishes = []struct{ words, cuisines []string }{
	{[]string{"seafood", "fish", "해산물", "해물", "생선"}, []string{
		"seafood", "sushi", "raw_fish", "fish_cake", "mulhoe", "unagi", "fish_and_chips", "braised_fish", "puffer_fish_soup",
		"grilled_eel", "soy-marinated_seafood", "grilled_shellfish", "stir-fried_octopus", "octopus", "crab", "soy-marinated_crab",
		"abalone", "raw_fish_noodles", "octopus_ramyeon", "abalone_porridge", "freshwater_fish_stew", "loach", "takoyaki",
		"jjamppong", "jjamppong_sundubu",
	}},
	{[]string{"shellfish", "조개", "갑각류"}, []string{
		"seafood", "crab", "soy-marinated_crab", "soy-marinated_seafood", "grilled_shellfish", "abalone", "abalone_porridge",
		"jjamppong", "jjamppong_sundubu", "paella",
	}},
	{[]string{"raw fish", "sashimi", "날생선", "날것", "생선회"}, []string{"sushi", "raw_fish", "mulhoe", "raw_fish_noodles"}},
	{[]string{"pork", "돼지", "돼지고기"}, []string{
		"black_pork_barbecue", "dwaeji_gukbap", "tonkatsu", "boiled_pork", "stir-fried_pork", "jokbal", "gogi_guksu", "sundae",
	}},
	{[]string{"beef", "소고기", "쇠고기"}, []string{
		"steak", "bulgogi", "gyukatsu", "hanwoo_mulhoe", "yukhoe", "gomtang", "seolleongtang", "sukiyaki",
	}},
	{[]string{"chicken", "닭", "닭고기"}, []string{"fried_chicken", "samgyetang", "dakhanmari", "yakitori"}},
	{[]string{"noodles", "noodle", "국수", "면 요리"}, []string{
		"ramen", "udon", "soba", "naengmyeon", "milmyeon", "kalguksu", "kongguksu", "tsukemen", "noodle", "noodles",
		"wonton_noodles", "buckwheat_noodles", "gogi_guksu", "jjolmyeon", "raw_fish_noodles", "octopus_ramyeon", "jjamppong",
	}},
}

func cuisineName(cuisine string) *typev1.LocalizedText {
	en := strings.ReplaceAll(cuisine, "_", " ")
	if ko, known := cuisineKorean[cuisine]; known {
		return text(ko, en)
	}
	return text(en, en)
}

// refusedCuisines finds what food the text wants none of, by its kind or its cuisine's name, and gives the words as well.
// Words within a mentioned place's name are none.
func refusedCuisines(folded string, places map[string]*locationv1.Place, names []mention) (cuisines map[string]bool, words []string) {
	cuisines = map[string]bool{}
	refuse := func(word string, which ...string) {
		at := wordIndex(folded, word)
		within := func(m mention) bool { return at < m.at+len(m.name) && m.at < at+len(word) }
		if at < 0 || slices.ContainsFunc(names, within) || !refused(folded, mention{name: word, at: at}) {
			return
		}
		words = append(words, word)
		for _, c := range which {
			cuisines[c] = true
		}
	}
	for _, d := range dishes {
		for _, word := range d.words {
			refuse(word, d.cuisines...)
		}
	}
	seen := map[string]bool{}
	for _, p := range places {
		for _, c := range p.GetCuisines() {
			if !seen[c] {
				seen[c] = true
				refuse(cuisineName(c).GetEn(), c)
				refuse(cuisineName(c).GetKo(), c)
			}
		}
	}
	return cuisines, words
}
