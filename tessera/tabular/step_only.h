// Which transformations learn from a target, so that they are of use only as steps in front of what predicts it.
//
// ```cpp
// assert(tabular::is_step_only(*learn::make_estimator("select_k_best")) && !tabular::is_step_only(*learn::make_estimator("pca")));
// ```
#pragma once

#include "tessera/learn/estimator.h"

namespace tessera::tabular {

bool is_step_only(const learn::Estimator& estimator);
// An Error (exit status 2) that says how such an estimator is used; nothing of another one.
void refuse_step_only(const learn::Estimator& estimator);

}  // namespace tessera::tabular
