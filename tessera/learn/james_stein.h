// The four models of JamesSteinEncoder (target_encoders.h). Internal to this room.
#pragma once

#include <span>

#include "tessera/learn/target_statistics.h"

namespace tessera::learn {

std::int64_t categories_there(std::span<const TargetMoments> groups);  // with at least one row

// What each category becomes; a category without rows becomes all.mean, of log odds 0.
void james_stein_independent(std::span<const TargetMoments> groups, const TargetMoments& all,
                             std::span<double> out);
void james_stein_pooled(std::span<const TargetMoments> groups, const TargetMoments& all,
                        std::span<double> out);
void james_stein_beta(std::span<const TargetMoments> groups, const TargetMoments& all, std::span<double> out);
// Targets are 0 or 1. The variance between categories is the one at which the weighted squared distances from the mean are k - 1 in sum, or 0 if they are fewer (found by
// bisection to the last bit; category_encoders stops a minimiser near it).
void james_stein_log_odds(std::span<const TargetMoments> groups, const TargetMoments& all,
                          std::span<double> out);

}  // namespace tessera::learn
