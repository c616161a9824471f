// What a fitted estimator leans on, for people: the coefficients of a linear model, or the importances of trees and forests, by the names of its features.
//
// Of a pipeline it is the last step, and the names are those of what the steps before give it: selections keep the names of what they keep, scalers all of
// them; of a step that mixes features a result is called by the step's name and a number, "pca_1". Internal to this room.
#pragma once

#include <string>
#include <vector>

#include "tessera/learn/estimator.h"

namespace tessera::tabular {

inline constexpr std::size_t kMostWeights = 20;  // in a listing for people

// Lines of text, the largest first, at most kMostWeights; nothing of a method that has no such numbers; a sentence of a model that was saved before
// its method had them. `names`: of the features. `classes`: of a classifier.
// `comparable`: are all features of one size, so that the sizes of coefficients are?
std::string weights_text(learn::Estimator& fitted, const std::vector<std::string>& names,
                         const std::vector<std::string>& classes, bool comparable);

// What a transformation gives is called by the same names.
std::vector<std::string> transformed_names(const learn::Estimator& fitted,
                                           const std::vector<std::string>& names, std::int64_t columns);

// The steps of a pipeline, in their order; none of another estimator.
std::vector<learn::Estimator*> steps_of(const learn::Estimator& estimator);

}  // namespace tessera::tabular
