# Debian 12 packages only (packages.txt); each library is seen by one module.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(LLVM 19.1 REQUIRED CONFIG PATHS /usr/lib/llvm-19)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
# SUNDIALS' package asks for OpenMP, which only its OpenMP vectors need. Holon uses none of them, clang comes without it,
# and the thread sanitizer does not understand it: an empty target answers.
if(NOT TARGET OpenMP::OpenMP_C)
  add_library(OpenMP::OpenMP_C INTERFACE IMPORTED)
endif()
find_package(SUNDIALS REQUIRED COMPONENTS cvode nvecserial sunmatrixdense sunmatrixsparse sunlinsoldense sunlinsolklu)
find_library(UDUNITS_LIBRARY udunits2 REQUIRED)
find_library(HDF5_LIBRARY hdf5 PATH_SUFFIXES hdf5/serial REQUIRED)
find_path(HDF5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_library(FFTW3_LIBRARY fftw3 REQUIRED)
set(MPI_CXX_SKIP_MPICXX ON)  # the C interface
find_package(MPI REQUIRED COMPONENTS CXX)

if(HOLON_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(HOLON_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
