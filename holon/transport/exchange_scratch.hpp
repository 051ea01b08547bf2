// What an exchange keeps between its calls.
#pragma once

#include "holon/transport/exchange.hpp"

namespace holon::transport {

/// One number per point, or one of all.
struct Exchange::Column {
  std::vector<double> each;  ///< empty: `same`
  double same = 0.0;
  PerPoint values() const { return {each, same}; }
  double operator[](std::size_t point) const { return values()(point); }
};

/// Of one member at one time.
struct Exchange::Rates {
  PointGeometry::Known known;
  Column clearance;                ///< u [coherent], what reaches the grid
  Column secretion;                ///< s [field's unit times coherent volume per time], what reaches the grid
  std::vector<double> recaptured;  ///< taken up again at once; empty where there is no response
  std::vector<double> sensed;
  /// u and s of the points themselves, before what they meet; empty where there is no response.
  std::vector<double> own_clearance, own_secretion;
  bool takes = false, gives = false;
};

struct Exchange::ExchangeScratch final : Scratch {
  std::vector<std::unique_ptr<CouplingGeometry::Kept>> kept;
  std::vector<Rates> rates;
  std::vector<double> clearance, secretion;  ///< of sites, where kernels of several members share them
  std::vector<double> mean;                  ///< over the step, where it is not the value at its end
  std::vector<double> capacities;            ///< volume of sites times capacity; empty where that is 1
  /// What sites hold per value.
  std::span<const double> contents() const {
    return capacities.empty() ? rates.front().known.sampling->from_measures() : capacities;
  }
};

}  // namespace holon::transport
