// Charles Joseph Minard's map of Napoleon's march to Moscow (Carte figurative des pertes successives en hommes de l'armee
// francaise dans la campagne de Russie 1812-1813, Paris, 1869): place, strength, direction and time in one picture. The
// numbers are Minard's. The thickness of the path is the number of men, and its lie factor is checked like a bar's.
#include <cstdio>

#include "tessera/tessera.h"

using namespace tessera;

using Stops = std::vector<plot::PathChart::Stop>;

// Longitude, latitude, men from here on, and the place or the day.
const Stops kAdvance = {{24.0, 54.9, 340000, "Kowno"},
                        {24.5, 55.0, 340000},
                        {25.5, 54.5, 340000, "Wilna"},
                        {26.0, 54.7, 320000},
                        {27.0, 54.8, 300000},
                        {28.0, 54.9, 280000},
                        {28.5, 55.0, 240000},
                        {29.0, 55.1, 210000},
                        {30.0, 55.2, 180000, "Witebsk"},
                        {30.3, 55.3, 175000},
                        {32.0, 54.8, 145000, "Smolensk"},
                        {33.2, 54.9, 140000},
                        {34.4, 55.5, 127100},
                        {35.5, 55.4, 100000},
                        {36.0, 55.5, 100000, "Mojaisk"},
                        {37.6, 55.8, 100000, "Moscow"}};
const Stops kRetreat = {{37.7, 55.7, 100000, "18 Oct"},
                        {37.5, 55.7, 98000},
                        {37.0, 55.0, 97000, "24 Oct"},
                        {36.8, 55.0, 96000},
                        {35.4, 55.3, 87000},
                        {34.3, 55.2, 55000},
                        {33.3, 54.8, 37000, "9 Nov"},
                        {32.0, 54.6, 24000, "14 Nov"},
                        {30.4, 54.4, 20000},
                        {29.2, 54.3, 20000, "24 Nov"},
                        {28.5, 54.2, 20000},
                        {28.3, 54.3, 20000, "28 Nov"},
                        {27.5, 54.5, 20000},
                        {26.8, 54.3, 12000, "6 Dec"},
                        {26.4, 54.4, 14000},
                        {25.0, 54.4, 8000},
                        {24.4, 54.4, 4000},
                        {24.2, 54.4, 4000},
                        {24.1, 54.4, 4000, "7 Dec"}};
const Stops kToPolotzk = {{24.0, 55.1, 60000}, {24.5, 55.2, 60000}, {25.5, 54.7, 60000},
                          {26.6, 55.7, 40000}, {27.4, 55.6, 33000}, {28.7, 55.5, 33000, "Polotzk"}};
const Stops kFromPolotzk = {
    {28.7, 55.5, 33000}, {29.2, 54.2, 30000}, {28.5, 54.1, 30000}, {28.3, 54.2, 28000}};

int main() {
  plot::PathChart march;
  march.title = "Napoleon's march to Moscow, 1812-1813";
  march.x = {.label = "longitude", .unit = "degrees east", .from = 23, .to = 39};
  march.y = {.label = "latitude", .unit = "degrees north", .from = 53.5, .to = 56.5};
  march.quantity = plot::Axis{.label = "strength", .unit = "men"};
  march.paths = {
      {"advance", kAdvance}, {"advance", kToPolotzk}, {"retreat", kRetreat}, {"retreat", kFromPolotzk}};

  const plot::Drawing drawing = plot::draw(march, {.width = 720, .height = 300});
  std::printf("%lld pieces of path, thickness against men: lie factor %.3f\n",
              static_cast<long long>(drawing.integrity.lengths), drawing.integrity.lie_factor);
  std::printf("main army: %.0f men from Kowno, %.0f back\n", kAdvance.front().quantity,
              kRetreat.back().quantity);
  write_user_file("minard.svg", drawing.svg);
  std::printf("wrote minard.svg\n");
}
