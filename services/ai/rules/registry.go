package rules

// Rules lists every rule in the order they are checked.
func Rules() []Rule {
	return []Rule{
		{"days_covered", Hard, Text{"모든 날이 일정에 있습니다", "every day of the trip is planned"}, daysCovered},
		{"day_endpoints", Hard, Text{"하루는 숙소나 도착·출발 지점에서 시작하고 끝납니다", "a day starts and ends at the lodging, arrival or departure point"}, dayEndpoints},
		{"times_in_order", Hard, Text{"시간은 겹치지 않고 순서대로입니다", "times are in order and do not overlap"}, timesInOrder},
		{"inside_day", Hard, Text{"일정은 하루의 시간 안에 있습니다", "everything lies inside the day's window"}, insideDay},
		{"place_exists", Hard, Text{"모든 장소는 실제 데이터에 있습니다", "every place exists in the place data"}, placeExists},
		{"right_city", Hard, Text{"장소는 그날의 도시에 있습니다", "a place is in the city of its day"}, rightCity},
		{"no_place_twice", Hard, Text{"같은 장소는 두 번 가지 않습니다", "no place is visited twice"}, noPlaceTwice},
		{"open_throughout", Hard, Text{"방문하는 동안 영업 중입니다", "a place is open for the whole visit"}, openThroughout},
		{"hours_known", Soft, Text{"영업시간이 알려져 있습니다", "opening hours are known"}, hoursKnown},
		{"legs_real", Hard, Text{"이동 시간은 실제와 같습니다", "travel times are real"}, legsReal},
		{"walk_limit", Hard, Text{"도보는 20분, 제한이 있으면 500m 이하입니다", "a walk takes at most 20 minutes, 500 m where a member is limited"}, walkLimit},
		{"ride_limit", Hard, Text{"도시 안 이동은 1시간 이하입니다", "a ride inside a city takes at most an hour"}, rideLimit},
		{"walk_day_limit", Hard, Text{"하루 도보는 일행에게 맞습니다", "a day's walking suits the group"}, walkDayLimit},
		{"short_leg_walk", Soft, Text{"500m 미만은 걷습니다", "legs under 500 m are walks"}, shortLegWalk},
		{"pace_most", Hard, Text{"하루 방문은 일행의 속도를 넘지 않습니다", "visits a day stay within the group's pace"}, paceMost},
		{"pace_least", Soft, Text{"하루 방문은 너무 적지 않습니다", "a day is not too empty"}, paceLeast},
		{"rests", Hard, Text{"필요한 만큼 쉽니다", "there are as many rests as the group needs"}, rests},
		{"nothing_strenuous", Hard, Text{"일행에게 무리한 곳은 없습니다", "nothing is too strenuous for the group"}, nothingStrenuous},
		{"step_free", Soft, Text{"계단 없는 곳을 먼저 갑니다", "step-free places come first"}, stepFree},
		{"taxi_first", Soft, Text{"거동이 불편하면 택시나 차를 먼저 탑니다", "a limited member goes by taxi or car first"}, taxiFirst},
		{"meal_hours", Hard, Text{"식사는 식사 시간 안에 있습니다", "meals lie inside their hours"}, mealHours},
		{"meals_present", Soft, Text{"점심과 저녁이 있습니다", "there is lunch and dinner"}, mealsPresent},
		{"meals_once", Soft, Text{"점심과 저녁은 한 번씩입니다", "there is one lunch and one dinner a day"}, mealsOnce},
		{"children_home", Soft, Text{"어린아이가 있으면 21시까지 돌아옵니다", "with small children the day ends by 21:00"}, childrenHome},
		{"rain_alternative", Soft, Text{"비 오는 야외에는 실내 대안이 있습니다", "outdoor stops in rain have an indoor alternative"}, rainAlternative},
		{"harsh_outdoor", Soft, Text{"덥거나 춥거나 공기가 나쁘면 야외는 짧게 있습니다", "outdoor visits are short in heat, cold or bad air"}, harshOutdoor},
		{"bring", Soft, Text{"날씨에 맞는 준비물을 알려 줍니다", "what to bring in the weather is told"}, bringTold},
		{"parking", Soft, Text{"차로 가는 곳 근처에 주차장이 있습니다", "stops reached by car have a car park near"}, parkingNear},
		{"avoided", Hard, Text{"피해 달라는 곳은 없습니다", "what must be avoided is not in the plan"}, avoided},
		{"must_see", Hard, Text{"꼭 가고 싶은 곳은 있거나 빠진 까닭을 말합니다", "must-sees are in the plan or it says why not"}, mustSee},
		{"locks_kept", Hard, Text{"고정한 일정은 그대로입니다", "locked stops stay as they are"}, locksKept},
	}
}
