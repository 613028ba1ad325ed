// Package planner makes trip itineraries that are right by construction and
// near the best one possible, in milliseconds. It is pure: no I/O, no clock, no
// global state; the random seed is an input, and the same input gives the same
// output.
//
// # The problem
//
// A trip is a team orienteering problem with time windows (TOPTW; Vansteenwegen
// et al. 2009) with a route a day, extended by what makes a day livable. Over
// the routes r_d, with the visits V_d, the start of stop i on its day s_i, its
// stay t_i and the way w_ij to the next stop j, Plan looks for
//
//	maximise   (1-λ)·mean_m U_m + λ·min_m U_m
//	           + Σ meals + Σ must-sees + Σ_d coverage(|V_d|) − τ·Σ w_ij
//	           with U_m = Σ_i u_mi · weather_d(i, s_i) · repeat(category of i)
//	subject to s_j ≥ s_i + t_i + rest_i + w_ij          times in order
//	           [s_i, s_i+t_i] ⊆ one opening interval    on that very day
//	           Start_d ≤ s_i, the end point by End_d    the day's window
//	           |V_d| ≤ the pace's stops, rests ≥ the pace's rests
//	           one meal inside lunch and one inside dinner
//	           each leg and all walks of a day within their limits
//	           locked stops at their times, each place at most once in the trip
//
// u_mi joins the place's prior with its fit to member m's tastes; λ weighs the
// least happy member, τ the minutes of travel. The most limited member sets the
// pace (PaceOf). Legs under 500 m are walks, others go by the trip's mode, by
// taxi or car where a member is limited.
//
// # Use
//
// Plan makes a whole trip, ReplanDay one day with the others kept, LeastChange the
// best plan within so many changes of a given one (with none: a repair), Apply an
// edit by a person, Retime the times of a plan that came from elsewhere,
// OrderMargin how near a day's order is to the best one. What breaks a rule is for
// package rules to tell, which shares no logic with this one.
//
// # Solving
//
// compile.go and encode.go turn the days, places and roles (visit, lunch,
// dinner) into nodes and windows of package orienteering, which searches by ruin
// and recreate under simulated annealing; objective.go scores each state exactly
// as above. finish.go times the stops and tells what could not be honoured,
// bound.go bounds the score from above, clash.go explains wishes that clash.
package planner
