// A borrowed reference that may be absent: what a look-up returns that can find nothing, in the place of a pointer.
//
// It owns nothing and may be copied; what it refers to has to live longer. It binds to objects with a name, pointers, std::optional
// and smart pointers with a name; a temporary, whose end would leave it dangling, is refused by every compiler: those constructors
// are deleted. Where a function hands out a part of an object, the object's method is best declared with `const&` and deleted
// for `const&&` (Schema::find), and clang's lifetimebound warns of what types cannot see. Thread-safety: as of a pointer.
//
// ```cpp
// const std::vector<int> primes = {2, 3, 5};
// OptionalRef<const int> found(primes[1]), none;
// assert(found && *found == 3 && !none && none.value_or(7) == 7);
// static_assert(!std::is_constructible_v<OptionalRef<const std::string>, std::string>);  // a temporary
// static_assert(!std::is_constructible_v<OptionalRef<const int>, std::optional<int>>);
// ```
#pragma once

#include <memory>
#include <optional>
#include <type_traits>

#include "tessera/base/error.h"

#if defined(__clang__)
#define TESSERA_LIFETIME_BOUND [[clang::lifetimebound]]
#else
#define TESSERA_LIFETIME_BOUND
#endif

namespace tessera {

template <typename T>
class OptionalRef {
  using Value = std::remove_const_t<T>;
  // What may stand behind an optional or a smart pointer with a name: T's own, or a mutable one where T is const.
  template <typename U>
  static constexpr bool kFits = std::is_convertible_v<U*, T*>;

 public:
  OptionalRef() = default;
  OptionalRef(T& object TESSERA_LIFETIME_BOUND) : pointer_(&object) {}  // NOLINT(google-explicit-constructor)
  OptionalRef(const Value&&) = delete;
  explicit OptionalRef(T* pointer) : pointer_(pointer) {}  // may be null

  template <typename U, typename = std::enable_if_t<kFits<U>>>
  OptionalRef(const std::optional<U>& value TESSERA_LIFETIME_BOUND)  // NOLINT(google-explicit-constructor)
      requires std::is_const_v<T> : pointer_(value ? &*value : nullptr) {}
  template <typename U, typename = std::enable_if_t<kFits<U>>>
  OptionalRef(std::optional<U>& value TESSERA_LIFETIME_BOUND)  // NOLINT(google-explicit-constructor)
      : pointer_(value ? &*value : nullptr) {}
  template <typename U>
  OptionalRef(const std::optional<U>&&) = delete;

  template <typename U, typename D, typename = std::enable_if_t<kFits<U>>>
  OptionalRef(
      const std::unique_ptr<U, D>& value TESSERA_LIFETIME_BOUND)  // NOLINT(google-explicit-constructor)
      : pointer_(value.get()) {}
  template <typename U, typename D>
  OptionalRef(const std::unique_ptr<U, D>&&) = delete;
  template <typename U, typename = std::enable_if_t<kFits<U>>>
  OptionalRef(const std::shared_ptr<U>& value TESSERA_LIFETIME_BOUND)  // NOLINT(google-explicit-constructor)
      : pointer_(value.get()) {}
  template <typename U>
  OptionalRef(const std::shared_ptr<U>&&) = delete;

  explicit operator bool() const { return pointer_ != nullptr; }
  T& operator*() const { return *checked(); }
  T* operator->() const { return checked(); }
  T* get() const { return pointer_; }
  Value value_or(Value otherwise) const { return pointer_ != nullptr ? *pointer_ : otherwise; }

 private:
  T* checked() const {
    TESSERA_CHECK(pointer_ != nullptr, "an absent reference was used");
    return pointer_;
  }
  T* pointer_ = nullptr;
};

}  // namespace tessera
