#include <cmath>

#include "bench/hand_written.hpp"

namespace holon::bench {

namespace {

constexpr double R = 8314.472, T = 310.0, F = 96485.3415, RTF = R * T / F;
constexpr double Cm = 0.185, Vc = 0.016404, Vsr = 0.001094, Vss = 5.468e-5;
constexpr double Ko = 5.4, Nao = 140.0, Cao = 2.0;
constexpr double GNa = 14.838, GK1 = 5.405, Gto = 0.294, GKr = 0.153, GKs = 0.392, PKNa = 0.03;
constexpr double GCaL = 3.98e-5, GpK = 0.0146, GpCa = 0.1238, KpCa = 0.0005, GbNa = 0.00029, GbCa = 0.000592;
constexpr double PNaK = 2.724, KmK = 1.0, KmNa = 40.0, kNaCa = 1000.0, gamma_ = 0.35, alpha = 2.5, ksat = 0.1;
constexpr double KmNai = 87.5, KmCa = 1.38, Vmaxup = 0.006375, Kup = 0.00025, Vrel = 0.102, Vleak = 0.00036;
constexpr double Vxfer = 0.0038, k1p = 0.15, k2p = 0.045, k3 = 0.06, k4 = 0.005, EC = 1.5, maxsr = 2.5,
                 minsr = 1.0;
constexpr double Bufc = 0.2, Kbufc = 0.001, Bufsr = 10.0, Kbufsr = 0.3, Bufss = 0.4, Kbufss = 0.00025;

}  // namespace

void hand_written_ten_tusscher(double* const* state, std::size_t cells, double dt, double stimulus) {
  double* __restrict sV = state[0];
  double* __restrict sXr1 = state[1];
  double* __restrict sXr2 = state[2];
  double* __restrict sXs = state[3];
  double* __restrict sm = state[4];
  double* __restrict sh = state[5];
  double* __restrict sj = state[6];
  double* __restrict sd = state[7];
  double* __restrict sf = state[8];
  double* __restrict sf2 = state[9];
  double* __restrict sfCass = state[10];
  double* __restrict ss = state[11];
  double* __restrict sr = state[12];
  double* __restrict sCai = state[13];
  double* __restrict sCaSR = state[14];
  double* __restrict sCaSS = state[15];
  double* __restrict sRp = state[16];
  double* __restrict sNai = state[17];
  double* __restrict sKi = state[18];
#pragma omp simd
  for (std::size_t i = 0; i < cells; ++i) {
    const double V = sV[i], Cai = sCai[i], CaSR = sCaSR[i], CaSS = sCaSS[i], Rp = sRp[i], Nai = sNai[i],
                 Ki = sKi[i];
    const double Xr1 = sXr1[i], Xr2 = sXr2[i], Xs = sXs[i], m = sm[i], h = sh[i], j = sj[i], d = sd[i],
                 f = sf[i];
    const double f2 = sf2[i], fCass = sfCass[i], s = ss[i], r = sr[i];

    const double ENa = RTF * std::log(Nao / Nai);
    const double EK = RTF * std::log(Ko / Ki);
    const double EKs = RTF * std::log((Ko + PKNa * Nao) / (Ki + PKNa * Nai));
    const double ECa = 0.5 * RTF * std::log(Cao / Cai);

    const double INa = GNa * m * m * m * h * j * (V - ENa);
    const double eca = std::exp(2.0 * (V - 15.0) / RTF);
    const double ICaL =
        GCaL * d * f * f2 * fCass * 4.0 * (V - 15.0) * (F / RTF) * (0.25 * eca * CaSS - Cao) / (eca - 1.0);
    const double Ito = Gto * r * s * (V - EK);
    const double IKr = GKr * Xr1 * Xr2 * (V - EK);
    const double IKs = GKs * Xs * Xs * (V - EKs);
    const double aK1 = 0.1 / (1.0 + std::exp(0.06 * (V - EK - 200.0)));
    const double bK1 = (3.0 * std::exp(0.0002 * (V - EK + 100.0)) + std::exp(0.1 * (V - EK - 10.0))) /
                       (1.0 + std::exp(-0.5 * (V - EK)));
    const double IK1 = GK1 * aK1 / (aK1 + bK1) * (V - EK);
    const double eg1 = std::exp((gamma_ - 1.0) * V / RTF);
    const double INaCa =
        kNaCa * (std::exp(gamma_ * V / RTF) * Nai * Nai * Nai * Cao - eg1 * Nao * Nao * Nao * Cai * alpha) /
        ((KmNai * KmNai * KmNai + Nao * Nao * Nao) * (KmCa + Cao) * (1.0 + ksat * eg1));
    const double INaK =
        PNaK * Ko / (Ko + KmK) * Nai /
        ((Nai + KmNa) * (1.0 + 0.1245 * std::exp(-0.1 * V / RTF) + 0.0353 * std::exp(-V / RTF)));
    const double IpCa = GpCa * Cai / (KpCa + Cai);
    const double IpK = GpK * (V - EK) / (1.0 + std::exp((25.0 - V) / 5.98));
    const double IbNa = GbNa * (V - ENa);
    const double IbCa = GbCa * (V - ECa);

    const double kcasr = maxsr - (maxsr - minsr) / (1.0 + (EC / CaSR) * (EC / CaSR));
    const double k1 = k1p / kcasr, k2 = k2p * kcasr;
    const double O = k1 * CaSS * CaSS * Rp / (k3 + k1 * CaSS * CaSS);
    const double Jrel = Vrel * O * (CaSR - CaSS);
    const double Jup = Vmaxup / (1.0 + Kup * Kup / (Cai * Cai));
    const double Jleak = Vleak * (CaSR - Cai);
    const double Jxfer = Vxfer * (CaSS - Cai);
    const double freec = 1.0 / (1.0 + Bufc * Kbufc / ((Cai + Kbufc) * (Cai + Kbufc)));
    const double freesr = 1.0 / (1.0 + Bufsr * Kbufsr / ((CaSR + Kbufsr) * (CaSR + Kbufsr)));
    const double freess = 1.0 / (1.0 + Bufss * Kbufss / ((CaSS + Kbufss) * (CaSS + Kbufss)));

    const double m1 = 1.0 + std::exp((-56.86 - V) / 9.03);
    const double minf = 1.0 / (m1 * m1);
    const double taum =
        1.0 / (1.0 + std::exp((-60.0 - V) / 5.0)) *
        (0.1 / (1.0 + std::exp((V + 35.0) / 5.0)) + 0.1 / (1.0 + std::exp((V - 50.0) / 200.0)));
    const double h1 = 1.0 + std::exp((V + 71.55) / 7.43);
    const double hinf = 1.0 / (h1 * h1);
    const bool low = V < -40.0;
    const double ah = low ? 0.057 * std::exp(-(V + 80.0) / 6.8) : 0.0;
    const double bh = low ? 2.7 * std::exp(0.079 * V) + 3.1e5 * std::exp(0.3485 * V)
                          : 0.77 / (0.13 * (1.0 + std::exp((V + 10.66) / -11.1)));
    const double aj = low ? (-2.5428e4 * std::exp(0.2444 * V) - 6.948e-6 * std::exp(-0.04391 * V)) *
                                (V + 37.78) / (1.0 + std::exp(0.311 * (V + 79.23)))
                          : 0.0;
    const double bj = low ? 0.02424 * std::exp(-0.01052 * V) / (1.0 + std::exp(-0.1378 * (V + 40.14)))
                          : 0.6 * std::exp(0.057 * V) / (1.0 + std::exp(-0.1 * (V + 32.0)));
    const double dinf = 1.0 / (1.0 + std::exp((-8.0 - V) / 7.5));
    const double taud =
        (1.4 / (1.0 + std::exp((-35.0 - V) / 13.0)) + 0.25) * 1.4 / (1.0 + std::exp((V + 5.0) / 5.0)) +
        1.0 / (1.0 + std::exp((50.0 - V) / 20.0));
    const double finf = 1.0 / (1.0 + std::exp((V + 20.0) / 7.0));
    const double e30 = 1.0 + std::exp((V + 30.0) / 10.0);
    const double tauf = 1102.5 * std::exp(-(V + 27.0) * (V + 27.0) / 225.0) +
                        200.0 / (1.0 + std::exp((13.0 - V) / 10.0)) + 180.0 / e30 + 20.0;
    const double f2inf = 0.67 / (1.0 + std::exp((V + 35.0) / 7.0)) + 0.33;
    const double tauf2 = 562.0 * std::exp(-(V + 27.0) * (V + 27.0) / 240.0) +
                         31.0 / (1.0 + std::exp((25.0 - V) / 10.0)) + 80.0 / e30;
    const double cass2 = 1.0 / (1.0 + (CaSS / 0.05) * (CaSS / 0.05));
    const double fCassinf = 0.6 * cass2 + 0.4;
    const double taufCass = 80.0 * cass2 + 2.0;
    const double rinf = 1.0 / (1.0 + std::exp((20.0 - V) / 6.0));
    const double taur = 9.5 * std::exp(-(V + 40.0) * (V + 40.0) / 1800.0) + 0.8;
    const double sinf = 1.0 / (1.0 + std::exp((V + 20.0) / 5.0));
    const double taus =
        85.0 * std::exp(-(V + 45.0) * (V + 45.0) / 320.0) + 5.0 / (1.0 + std::exp((V - 20.0) / 5.0)) + 3.0;
    const double xr1inf = 1.0 / (1.0 + std::exp((-26.0 - V) / 7.0));
    const double tauxr1 =
        450.0 / (1.0 + std::exp((-45.0 - V) / 10.0)) * 6.0 / (1.0 + std::exp((V + 30.0) / 11.5));
    const double xr2inf = 1.0 / (1.0 + std::exp((V + 88.0) / 24.0));
    const double tauxr2 =
        3.0 / (1.0 + std::exp((-60.0 - V) / 20.0)) * 1.12 / (1.0 + std::exp((V - 60.0) / 20.0));
    const double xsinf = 1.0 / (1.0 + std::exp((-5.0 - V) / 14.0));
    const double tauxs =
        1400.0 / std::sqrt(1.0 + std::exp((5.0 - V) / 6.0)) / (1.0 + std::exp((V - 35.0) / 15.0)) + 80.0;

    sXr1[i] = xr1inf + (Xr1 - xr1inf) * std::exp(-dt / tauxr1);
    sXr2[i] = xr2inf + (Xr2 - xr2inf) * std::exp(-dt / tauxr2);
    sXs[i] = xsinf + (Xs - xsinf) * std::exp(-dt / tauxs);
    sm[i] = minf + (m - minf) * std::exp(-dt / taum);
    sh[i] = hinf + (h - hinf) * std::exp(-dt * (ah + bh));
    sj[i] = hinf + (j - hinf) * std::exp(-dt * (aj + bj));
    sd[i] = dinf + (d - dinf) * std::exp(-dt / taud);
    sf[i] = finf + (f - finf) * std::exp(-dt / tauf);
    sf2[i] = f2inf + (f2 - f2inf) * std::exp(-dt / tauf2);
    sfCass[i] = fCassinf + (fCass - fCassinf) * std::exp(-dt / taufCass);
    ss[i] = sinf + (s - sinf) * std::exp(-dt / taus);
    sr[i] = rinf + (r - rinf) * std::exp(-dt / taur);
    const double rate = k4 + k2 * CaSS;
    const double Rinf = k4 / rate;
    sRp[i] = Rinf + (Rp - Rinf) * std::exp(-dt * rate);
    sCai[i] =
        Cai + dt * freec *
                  ((Jleak - Jup) * (Vsr / Vc) + Jxfer - (IbCa + IpCa - 2.0 * INaCa) * (Cm / (2.0 * Vc * F)));
    sCaSR[i] = CaSR + dt * freesr * (Jup - Jrel - Jleak);
    sCaSS[i] = CaSS + dt * freess * (Jrel * (Vsr / Vss) - Jxfer * (Vc / Vss) - ICaL * (Cm / (2.0 * Vss * F)));
    sNai[i] = Nai - dt * (INa + IbNa + 3.0 * INaK + 3.0 * INaCa) * (Cm / (Vc * F));
    sKi[i] = Ki - dt * (IK1 + Ito + IKr + IKs - 2.0 * INaK + IpK + stimulus) * (Cm / (Vc * F));
    sV[i] =
        V - dt * (INa + ICaL + Ito + IKr + IKs + IK1 + INaCa + INaK + IpCa + IpK + IbNa + IbCa + stimulus);
  }
}

}  // namespace holon::bench
