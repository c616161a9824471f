// The gates of recurrent layers, one vector at a time.

#include "tessera/backends/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tessera/backends/cpu/recurrent_kernels.cc"
#include <hwy/foreach_target.h>
// foreach_target.h must come first
#include <hwy/highway.h>

#include "tessera/backends/cpu/recurrent_kernels.h"
#include "tessera/backends/cpu/simd_level.h"

#if TESSERA_SIMD_TARGET
#include "tessera/backends/cpu/each_vector-inl.h"
#include "tessera/numerics/hwy_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tessera::backends::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace fn = tessera::numerics::HWY_NAMESPACE;

// kAll: with the states that a gradient needs.
template <typename T, bool kAll>
void gru_forward(const GruForward<T>& s) {
  for_each_vector<T>(s.count, [&](const auto& at) HWY_ATTR {
    using Ops = fn::HwyOps<decltype(at.d)>;
    const auto from_input = [&](int gate)
                                HWY_ATTR { return hn::Add(at.load(s.x[gate]), at.load(s.x_bias[gate])); };
    const auto from_hidden = [&](int gate) HWY_ATTR {
      return hn::Add(at.load(s.product[gate]), at.load(s.bias[gate]));
    };
    const auto r = fn::sigmoid<Ops>(hn::Add(from_input(0), from_hidden(0)));
    const auto z = fn::sigmoid<Ops>(hn::Add(from_input(1), from_hidden(1)));
    const auto b = from_hidden(2);
    const auto n = fn::tanh<Ops>(hn::Add(from_input(2), hn::Mul(r, b)));
    const auto rest = hn::Mul(hn::Sub(Ops::set(1), z), n);
    at.store(hn::Add(hn::Mul(z, at.load(s.before)), rest), s.h);
    if constexpr (!kAll) return;
    at.store(r, s.r);
    at.store(z, s.z);
    at.store(n, s.n);
    at.store(b, s.b);
  });
}

template <typename T>
void gru_backward(const GruBackward<T>& s) {
  for_each_vector<T>(s.count, [&](const auto& at) HWY_ATTR {
    using Ops = fn::HwyOps<decltype(at.d)>;
    const auto one = Ops::set(1);
    const auto r = at.load(s.r), z = at.load(s.z), n = at.load(s.n);
    const auto d = hn::Add(at.load(s.gradient), hn::Add(at.load(s.keep), at.load(s.product)));
    const auto d_n = hn::Mul(d, hn::Sub(one, z)), d_z = hn::Mul(d, hn::Sub(at.load(s.before), n));
    const auto g_n = hn::Mul(d_n, hn::Sub(one, hn::Mul(n, n)));
    const auto g_z = hn::Mul(d_z, hn::Mul(z, hn::Sub(one, z)));
    const auto g_r = hn::Mul(hn::Mul(g_n, at.load(s.b)), hn::Mul(r, hn::Sub(one, r)));
    at.store(hn::Mul(d, z), s.keep);
    at.store(g_r, s.x[0]);
    at.store(g_z, s.x[1]);
    at.store(g_n, s.x[2]);
    at.store(g_r, s.hidden[0]);
    at.store(g_z, s.hidden[1]);
    at.store(hn::Mul(g_n, r), s.hidden[2]);
  });
}

template <typename T, bool kAll>
void lstm_forward(const LstmForward<T>& s) {
  for_each_vector<T>(s.count, [&](const auto& at) HWY_ATTR {
    using Ops = fn::HwyOps<decltype(at.d)>;
    const auto sum = [&](int gate) HWY_ATTR {
      return hn::Add(hn::Add(at.load(s.x[gate]), at.load(s.x_bias[gate])),
                     hn::Add(at.load(s.product[gate]), at.load(s.bias[gate])));
    };
    const auto i = fn::sigmoid<Ops>(sum(0)), f = fn::sigmoid<Ops>(sum(1));
    const auto g = fn::tanh<Ops>(sum(2)), o = fn::sigmoid<Ops>(sum(3));
    const auto c = hn::Add(hn::Mul(f, at.load(s.c)), hn::Mul(i, g));
    const auto q = fn::tanh<Ops>(c);
    at.store(hn::Mul(o, q), s.out[0]);
    at.store(c, s.out[1]);
    if constexpr (!kAll) return;
    at.store(i, s.out[2]);
    at.store(f, s.out[3]);
    at.store(g, s.out[4]);
    at.store(o, s.out[5]);
    at.store(q, s.out[6]);
  });
}

template <typename T>
void lstm_backward(const LstmBackward<T>& s) {
  for_each_vector<T>(s.count, [&](const auto& at) HWY_ATTR {
    using Ops = fn::HwyOps<decltype(at.d)>;
    const auto one = Ops::set(1);
    const auto slope = [&](auto gate) HWY_ATTR { return hn::Mul(gate, hn::Sub(one, gate)); };  // of sigmoid
    const auto i = at.load(s.i), f = at.load(s.f), g = at.load(s.g), o = at.load(s.o), q = at.load(s.q);
    const auto d = hn::Add(at.load(s.gradient_h), at.load(s.later_h));
    const auto d_c = hn::Add(hn::Add(at.load(s.gradient_c), at.load(s.later_c)),
                             hn::Mul(hn::Mul(d, o), hn::Sub(one, hn::Mul(q, q))));
    at.store(hn::Mul(hn::Mul(d_c, g), slope(i)), s.gates[0]);
    at.store(hn::Mul(hn::Mul(d_c, at.load(s.c)), slope(f)), s.gates[1]);
    at.store(hn::Mul(hn::Mul(d_c, i), hn::Sub(one, hn::Mul(g, g))), s.gates[2]);
    at.store(hn::Mul(hn::Mul(d, q), slope(o)), s.gates[3]);
    at.store(hn::Mul(d_c, f), s.later_c);
  });
}

template <typename T, bool kRelu>
void rnn_forward(const RnnForward<T>& s) {
  for_each_vector<T>(s.count, [&](const auto& at) HWY_ATTR {
    using Ops = fn::HwyOps<decltype(at.d)>;
    const auto sum =
        hn::Add(hn::Add(at.load(s.x), at.load(s.x_bias)), hn::Add(at.load(s.product), at.load(s.bias)));
    if constexpr (kRelu)  // NaN stays NaN, -0 gives +0
      at.store(hn::IfThenElse(hn::Le(sum, Ops::set(0)), Ops::set(0), sum), s.h);
    else
      at.store(fn::tanh<Ops>(sum), s.h);
  });
}

template <typename T, bool kRelu>
void rnn_backward(const RnnBackward<T>& s) {
  for_each_vector<T>(s.count, [&](const auto& at) HWY_ATTR {
    using Ops = fn::HwyOps<decltype(at.d)>;
    const auto d = hn::Add(at.load(s.gradient), at.load(s.later));
    const auto h = at.load(s.h);
    if constexpr (kRelu)
      at.store(hn::IfThenElseZero(hn::Gt(h, Ops::set(0)), d), s.sums);
    else
      at.store(hn::Mul(d, hn::Sub(Ops::set(1), hn::Mul(h, h))), s.sums);
  });
}

template <typename T>
const RecurrentLoops<T>* loops() {
  static constexpr RecurrentLoops<T> kLoops = {
      &gru_forward<T, true>,   &gru_forward<T, false>, &gru_backward<T>,       &lstm_forward<T, true>,
      &lstm_forward<T, false>, &lstm_backward<T>,      &rnn_forward<T, false>, &rnn_backward<T, false>,
      &rnn_forward<T, true>,   &rnn_backward<T, true>};
  return &kLoops;
}

}  // namespace tessera::backends::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // TESSERA_SIMD_TARGET

#if HWY_ONCE
namespace tessera::backends {

template <typename T>
const RecurrentLoops<T>* recurrent_loops() {
  TESSERA_SIMD_SWITCH(loops<T>())
}
template const RecurrentLoops<float>* recurrent_loops<float>();
template const RecurrentLoops<double>* recurrent_loops<double>();

}  // namespace tessera::backends
#endif  // HWY_ONCE
