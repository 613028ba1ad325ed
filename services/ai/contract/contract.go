// Package contract tells generations in the contract's terms.
package contract

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
)

// State gives a state. A generation whose itinerary is made and not yet stored on the trip is running.
func State(s ai.State) aiv1.GenerationState {
	switch s {
	case ai.Queued:
		return aiv1.GenerationState_GENERATION_STATE_QUEUED
	case ai.Running, ai.Made:
		return aiv1.GenerationState_GENERATION_STATE_RUNNING
	case ai.Ready:
		return aiv1.GenerationState_GENERATION_STATE_READY
	case ai.Failed:
		return aiv1.GenerationState_GENERATION_STATE_FAILED
	case ai.Cancelled:
		return aiv1.GenerationState_GENERATION_STATE_CANCELLED
	default:
		return aiv1.GenerationState_GENERATION_STATE_UNSPECIFIED
	}
}

var classes = map[ai.Class]aiv1.PriorityClass{
	ai.Express:  aiv1.PriorityClass_PRIORITY_CLASS_EXPRESS,
	ai.Standard: aiv1.PriorityClass_PRIORITY_CLASS_STANDARD,
	ai.Bulk:     aiv1.PriorityClass_PRIORITY_CLASS_BULK,
}

// Class gives a class.
func Class(c ai.Class) aiv1.PriorityClass { return classes[c] }

// ClassOf reads a class; one that is not known is bulk.
func ClassOf(m aiv1.PriorityClass) ai.Class {
	for class, message := range classes {
		if message == m {
			return class
		}
	}
	return ai.Bulk
}

// Generation tells a generation. What moves, its progress, is as of what is stored.
func Generation(g ai.Generation) *aiv1.Generation {
	m := &aiv1.Generation{
		Id: g.ID, TripId: g.TripID, Day: int32(g.Day), State: State(g.State), PriorityClass: Class(g.Class),
		Progress: &aiv1.Progress{
			Percent: int32(g.Percent), Stage: aiv1.GenerationStage(g.Stage), Message: StageText(aiv1.GenerationStage(g.Stage)),
		},
		LastSequence: g.LastSequence, DaysReady: numbers(g.DaysReady), DaysRefined: numbers(g.DaysRefined),
		DaysImprovedLate: numbers(g.DaysImproved), ItineraryVersion: g.ItineraryVersion,
		Cost: &aiv1.GenerationCost{
			InputTokens: g.Cost.InputTokens + g.Cost.CacheWriteTokens, CachedInputTokens: g.Cost.CachedInputTokens,
			OutputTokens: g.Cost.OutputTokens, ModelCalls: int32(g.Cost.Calls),
			Amount: &typev1.Money{CurrencyCode: "USD", Micros: g.Cost.MicroUSD},
		},
		CreateTime: moment(g.CreateTime), StartTime: moment(g.StartTime), EndTime: moment(g.EndTime),
	}
	if g.State == ai.Failed {
		m.Failure = Failure(g.FailureReason)
	}
	return m
}

// Finished is the event that ends a generation.
func Finished(g ai.Generation) *aiv1.GenerationEvent {
	f := &aiv1.GenerationFinished{State: State(g.State), ItineraryVersion: g.ItineraryVersion}
	if g.State == ai.Failed {
		f.Failure = Failure(g.FailureReason)
	}
	return &aiv1.GenerationEvent{Time: moment(g.EndTime), Event: &aiv1.GenerationEvent_Finished{Finished: f}}
}

func moment(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func numbers(days []int) []int32 {
	out := make([]int32, len(days))
	for i, d := range days {
		out[i] = int32(d)
	}
	return out
}

func text(ko, en string) *typev1.LocalizedText { return &typev1.LocalizedText{Ko: ko, En: en} }

var stageTexts = map[aiv1.GenerationStage]*typev1.LocalizedText{
	aiv1.GenerationStage_GENERATION_STAGE_QUEUED:  text("차례를 기다리고 있습니다", "Waiting for its turn"),
	aiv1.GenerationStage_GENERATION_STAGE_PROFILE: text("일행을 살펴보고 있습니다", "Looking at who travels"),
	aiv1.GenerationStage_GENERATION_STAGE_CONTEXT: text("장소와 날씨를 모으고 있습니다", "Collecting places and the weather"),
	aiv1.GenerationStage_GENERATION_STAGE_DRAFT:   text("하루하루를 계획하고 있습니다", "Planning the days"),
	aiv1.GenerationStage_GENERATION_STAGE_REFINE:  text("일정을 다듬고 있습니다", "Refining the days"),
	aiv1.GenerationStage_GENERATION_STAGE_CHECK:   text("일정을 점검하고 있습니다", "Checking the itinerary"),
	aiv1.GenerationStage_GENERATION_STAGE_STORE:   text("일정을 저장하고 있습니다", "Storing the itinerary"),
	aiv1.GenerationStage_GENERATION_STAGE_DONE:    text("끝났습니다", "Done"),
}

// StageText says in words what a generation is at.
func StageText(s aiv1.GenerationStage) *typev1.LocalizedText { return stageTexts[s] }

var failureTexts = map[string]*typev1.LocalizedText{
	errs.ReasonDestinationUnknown: text("여행지의 장소 정보가 없습니다.", "There is no place data for a destination."),
	errs.ReasonPlanInfeasible:     text("이 조건으로는 일정을 만들 수 없습니다.", "No itinerary can be made under these conditions."),
	errs.ReasonInvalidArgument:    text("요청 내용으로 일정을 만들 수 없습니다.", "No itinerary can be made from this request."),
	errs.ReasonUnavailable:        text("필요한 정보를 가져오지 못했습니다. 잠시 후 다시 시도해 주세요.", "Needed data could not be had. Please try again shortly."),
}

// Failure tells why a generation failed.
func Failure(reason string) *aiv1.GenerationFailure {
	message, ok := failureTexts[reason]
	if !ok {
		message = text("일시적인 오류가 발생했습니다. 다시 시도해 주세요.", "Something went wrong on our side. Please try again.")
	}
	return &aiv1.GenerationFailure{Reason: reason, Message: message}
}
